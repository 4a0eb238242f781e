// SPDX-License-Identifier: MIT
#include "roomkey/auth/responder.hpp"

#include <exception>
#include <new>
#include <string_view>
#include <utility>

namespace roomkey {

namespace {

// The number and its phrase (RFC 9110 15, RFC 6585 5). Only the statuses that this program answers
// with; a test holds it to those of all refusals.
std::string_view status_line(int status) {
    switch (status) {
        case 200: return "200 OK";
        case 204: return "204 No Content";
        case 400: return "400 Bad Request";
        case 401: return "401 Unauthorized";
        case 405: return "405 Method Not Allowed";
        case 413: return "413 Content Too Large";
        case 415: return "415 Unsupported Media Type";
        case 422: return "422 Unprocessable Content";
        case 431: return "431 Request Header Fields Too Large";
        default: return "500 Internal Server Error";
    }
}

std::string to_cgi(const Response& response, bool with_body) {
    std::string bytes;
    bytes.reserve(response.body.size() + 256);
    bytes.append("Status: ").append(status_line(response.status));
    if (response.status != 204) {
        bytes.append("\r\nContent-Type: ").append(response.content_type);
        // With its length, an answer that is cut off on its way can't pass for a whole one.
        bytes.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
    }
    bytes.append("\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    for (const auto& [name, value] : response.headers) {
        bytes.append(name).append(": ").append(value).append("\r\n");
    }
    bytes.append("\r\n");
    if (with_body) {
        bytes.append(response.body);
    }
    return bytes;
}

// What was thrown, for the log. The copy needs memory, which may be what there is none of.
std::string copy_of(const char* reason) noexcept {
    try {
        return reason;
    } catch (const std::bad_alloc&) {
        return "out of memory";  // so short that it needs none
    }
}

// RFC 3875 4.3.3: HEAD gets no body, though its length is told. HAProxy insists on it.
bool wants_body(const Parameters& parameters) {
    return parameters.get("REQUEST_METHOD") != "HEAD";
}

}  // namespace

Answer refuse(const Refusal& refusal) {
    Response response;
    response.status = status_of(refusal.reason);
    response.body = public_text(refusal);
    return {response.status, to_cgi(response, true), {}};
}

Answer fail(const Parameters& parameters, std::string failure) {
    Response response;
    response.status = 500;
    response.body = "No token can be made at the moment";
    return {response.status, to_cgi(response, wants_body(parameters)), std::move(failure)};
}

Answer respond(AuthHandlers& handlers, const Request& request, std::chrono::sys_seconds now,
               RandomSource& random) {
    std::string failure;
    try {
        const Response response = handlers.pick(request.parameters).answer(request, now, random);
        return {response.status, to_cgi(response, wants_body(request.parameters)), {}};
    } catch (const std::exception& error) {
        failure = copy_of(error.what());
    } catch (...) {
        failure = "unknown exception";
    }
    return fail(request.parameters, std::move(failure));
}

}  // namespace roomkey
