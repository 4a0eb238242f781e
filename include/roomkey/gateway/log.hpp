// SPDX-License-Identifier: MIT
// One line an event, to wherever this process's messages are read: stderr, with <N> priorities
// under systemd; or syslog when stderr is /dev/null, as spawn-fcgi leaves it.
// Nothing given to it may hold a token, a secret, a body or a client id; it can't tell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace roomkey {

// The numbers are those of syslog (RFC 5424 6.2.1).
enum class Severity { error = 3, warning = 4, notice = 5 };

// Writes one line in one system call; control characters are replaced, and 4,000 bytes are enough.
// Never waits for a reader: a line that can't be written at once is dropped, and the next that can
// be tells how many were. Any thread may call it.
void log(Severity severity, std::string_view text);

// The same for several events, a line each.
void log(Severity severity, const std::vector<std::string>& texts);

}  // namespace roomkey
