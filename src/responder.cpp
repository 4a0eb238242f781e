// SPDX-License-Identifier: MIT
#include "roomkey/responder.hpp"

#include <exception>
#include <string_view>
#include <utility>

namespace roomkey {

namespace {

// RFC 9110 15. Only the statuses that this program answers with.
std::string_view reason_phrase(int status) {
    switch (status) {
        case 200: return "OK";
        case 204: return "No Content";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 405: return "Method Not Allowed";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 422: return "Unprocessable Content";
        default: return "Internal Server Error";
    }
}

std::string to_cgi(const Response& response, bool with_body) {
    std::string bytes;
    bytes.reserve(response.body.size() + 256);
    bytes.append("Status: ").append(std::to_string(response.status)).append(1, ' ');
    bytes.append(reason_phrase(response.status)).append("\r\n");
    if (response.status != 204) {
        bytes.append("Content-Type: ").append(response.content_type).append("\r\n");
        // With its length, an answer that is cut off on its way can't pass for a whole one.
        bytes.append("Content-Length: ").append(std::to_string(response.body.size()));
        bytes.append("\r\n");
    }
    bytes.append("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    for (const auto& [name, value] : response.headers) {
        bytes.append(name).append(": ").append(value).append("\r\n");
    }
    bytes.append("\r\n");
    return with_body ? bytes.append(response.body) : bytes;
}

}  // namespace

Answer respond(AuthHandler& handler, const Request& request, std::chrono::sys_seconds now,
               RandomSource& random) {
    // RFC 3875 4.3.3: no body is sent, though its length is told. HAProxy insists on it.
    const bool with_body = request.parameters.get("REQUEST_METHOD") != "HEAD";
    std::string failure;
    try {
        const Response response = handler.answer(request, now, random);
        return {response.status, to_cgi(response, with_body), {}};
    } catch (const std::exception& error) {
        failure = error.what();
    } catch (...) {
        failure = "unknown exception";
    }
    Response response;
    response.status = 500;
    response.body = "No token can be made at the moment";
    return {response.status, to_cgi(response, with_body), std::move(failure)};
}

}  // namespace roomkey
