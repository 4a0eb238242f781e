// SPDX-License-Identifier: MIT
// The unit tests' runner: one suite a unit, each in a file of its own.
#define BOOST_TEST_MODULE roomkey
#include <boost/test/unit_test.hpp>
