// SPDX-License-Identifier: MIT
// For a function of a test program that stands in the way of a library's.
#pragma once

#include <dlfcn.h>

namespace roomkey::test {

// The library's function of this name and of the type of `own`, the one that stands in its way.
template <class Function>
Function* next(Function* /*own*/, const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace roomkey::test
