// SPDX-License-Identifier: MIT
// The core alone: each step of a token and all of them, against a bare HMAC over the same bytes in
// the same run. Only the ratios travel from one machine to another.
#include <benchmark/benchmark.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "allocations.hpp"
#include "roomkey/auth/auth_handler.hpp"
#include "roomkey/auth/responder.hpp"
#include "roomkey/gateway/record_reader.hpp"
#include "roomkey/gateway/system.hpp"
#include "roomkey/request/form.hpp"
#include "roomkey/text/base64url.hpp"
#include "roomkey/token/guest.hpp"

namespace {

using namespace roomkey;

constexpr std::string_view k_key = "benchmark-key-of-thirty-two-byte";
constexpr std::string_view k_multipart_type =
    "multipart/form-data; boundary=----WebKitFormBoundaryxkL7q2Vd0uB3mTzA";
// What Chromium sends for one field of a FormData.
constexpr std::string_view k_multipart =
    "------WebKitFormBoundaryxkL7q2Vd0uB3mTzA\r\n"
    "Content-Disposition: form-data; name=\"clientID\"\r\n"
    "\r\n"
    "bcI:GPhz6A2T\r\n"
    "------WebKitFormBoundaryxkL7q2Vd0uB3mTzA--\r\n";
constexpr std::string_view k_urlencoded_type = "application/x-www-form-urlencoded";
constexpr std::string_view k_urlencoded = "clientID=bcI%3AGPhz6A2T";
constexpr std::string_view k_json_type = "application/json";
constexpr std::string_view k_json = R"({"clientID":"bcI:GPhz6A2T"})";

std::span<const unsigned char> bytes_of(std::string_view text) {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

std::chrono::sys_seconds now() {
    return std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000));
}

// Allocations a round, beside the time.
class CountAllocations {
public:
    explicit CountAllocations(benchmark::State& state)
        : m_state(state), m_before(bench::allocations()) {}
    CountAllocations(const CountAllocations&) = delete;
    CountAllocations& operator=(const CountAllocations&) = delete;
    ~CountAllocations() {
        m_state.counters["allocations"] =
            benchmark::Counter(static_cast<double>(bench::allocations() - m_before),
                               benchmark::Counter::kAvgIterations);
    }

private:
    benchmark::State& m_state;
    std::size_t m_before;
};

// The parameters as nginx/roomkey.conf hands them on.
std::vector<std::string> parameters_for(std::string_view type, std::string_view body) {
    return {"REQUEST_METHOD=POST",
            "QUERY_STRING=",
            "CONTENT_TYPE=" + std::string(type),
            "CONTENT_LENGTH=" + std::to_string(body.size()),
            "HTTP_ACCEPT=*/*",
            "HTTP_ORIGIN=https://chat.example.com",
            "ROOMKEY_REQUEST_ID=6f0d3c1e9a7b4f5d8e2a1b0c3d4e5f60"};
}

std::vector<const char*> list_of(const std::vector<std::string>& strings) {
    std::vector<const char*> pointers;
    for (const std::string& each : strings) {
        pointers.push_back(each.c_str());
    }
    pointers.push_back(nullptr);
    return pointers;
}

Policy compile(std::string_view json) {
    const std::array<const char*, 2> environment{"SCALEDRONE_CHANNEL_ID=KtJ2qzvQx1bnkwSv", nullptr};
    return compile_policy(json, "benchmark", Parameters(environment.data()));
}

// A policy whose claims come to about `size` bytes: rooms, one of them the visitor's own.
std::string policy_of_size(std::size_t size) {
    std::string claims = R"("client":"${form.clientID}","exp":"${now+180}","permissions":{)"
                         R"("^private-${form.clientID|regex}$":{"publish":false,"subscribe":true})";
    for (std::size_t i = 0; claims.size() < size; ++i) {
        claims += ",\"^room-" + std::to_string(i) + R"($":{"publish":true,"subscribe":true})";
    }
    return "{\"claims\":{" + claims + "}}}";
}

AuthHandler handler_for(std::string_view policy) {
    return {std::make_shared<const Policy>(compile(policy)), Hs256Signer(bytes_of(k_key))};
}

// One request's way through the handler, for those that need its parts.
struct Fixture {
    explicit Fixture(std::string_view policy = k_builtin_policy)
        : handler(handler_for(policy)), compiled(compile(policy)) {}

    AuthHandler handler;
    AuthHandlers handlers = handler;
    Policy compiled;
    Hs256Signer signer{bytes_of(k_key)};
    Form form = *parse_form(k_multipart_type, k_multipart, "", handler.fields());
    std::vector<std::string> strings = parameters_for(k_multipart_type, k_multipart);
    std::vector<const char*> list = list_of(strings);
    Parameters parameters{list.data()};
    SystemRandom random;

    RenderInput input() { return {form, parameters, now(), random}; }
    // What is signed: the encoded header, a dot, the encoded claims.
    std::string message() {
        const std::string token = *handler.token(input());
        return token.substr(0, token.rfind('.'));
    }
};

// OpenSSL and nothing else: keyed once, then the three calls that no HMAC can do without.
class BareHmac {
public:
    BareHmac() {
        std::array<char, 7> digest{"SHA256"};
        const std::array<OSSL_PARAM, 2> parameters{
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
            OSSL_PARAM_construct_end()};
        if (EVP_MAC_init(m_context.get(), bytes_of(k_key).data(), k_key.size(),
                         parameters.data()) != 1) {
            throw std::runtime_error("OpenSSL refuses the key");
        }
    }
    std::array<unsigned char, 32> operator()(std::string_view message) {
        std::array<unsigned char, 32> mac{};
        std::size_t size = 0;
        if (EVP_MAC_init(m_context.get(), nullptr, 0, nullptr) != 1 ||
            EVP_MAC_update(m_context.get(), bytes_of(message).data(), message.size()) != 1 ||
            EVP_MAC_final(m_context.get(), mac.data(), &size, mac.size()) != 1) {
            throw std::runtime_error("HMAC failed");
        }
        return mac;
    }

private:
    std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> m_mac{
        EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr), &EVP_MAC_free};
    std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> m_context{
        EVP_MAC_CTX_new(m_mac.get()), &EVP_MAC_CTX_free};
};

void parse(benchmark::State& state, std::string_view type, std::string_view body) {
    const FieldLimits limits{{"clientID", k_max_field_bytes}};
    if (!parse_form(type, body, "", limits)) {
        state.SkipWithError("refused");
    }
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        benchmark::DoNotOptimize(parse_form(type, body, "", limits));
    }
}

void bare_hmac(benchmark::State& state, const std::string& policy) {
    Fixture fixture(policy);
    const std::string message = fixture.message();
    BareHmac hmac;
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        benchmark::DoNotOptimize(hmac(message));
    }
    state.counters["bytes"] = static_cast<double>(message.size());
}

void sign(benchmark::State& state) {
    Fixture fixture;
    const std::string message = fixture.message();
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        benchmark::DoNotOptimize(fixture.signer.sign(message));
    }
}

void encode_claims(benchmark::State& state) {
    Fixture fixture;
    const std::string claims = *fixture.compiled.claims.render(fixture.input());
    std::string out;
    out.reserve(2 * claims.size());
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        out.clear();
        base64url::append(out, claims);
        benchmark::DoNotOptimize(out.data());
    }
}

void make_token(benchmark::State& state) {
    Fixture fixture;
    const std::string claims = *fixture.compiled.claims.render(fixture.input());
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        benchmark::DoNotOptimize(
            roomkey::make_token(fixture.signer, fixture.compiled.encoded_header, claims));
    }
}

void render(benchmark::State& state) {
    Fixture fixture;
    Template::Buffer buffer;
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        benchmark::DoNotOptimize(fixture.compiled.claims.render(fixture.input(), buffer));
    }
}

void make_guest_name(benchmark::State& state) {
    SystemRandom random;
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        benchmark::DoNotOptimize(guest_name(random));
    }
}

void make_guest_color(benchmark::State& state) {
    SystemRandom random;
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        benchmark::DoNotOptimize(guest_color(random));
    }
}

// From parsed fields to a token.
void token(benchmark::State& state) {
    Fixture fixture;
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        benchmark::DoNotOptimize(fixture.handler.token(fixture.input()));
    }
}

// From the request as the web server hands it on to the bytes of the answer.
void mint(benchmark::State& state, const std::string& policy) {
    Fixture fixture(policy);
    if (respond(fixture.handlers, {fixture.parameters, k_multipart}, now(), fixture.random)
            .status != 200) {
        state.SkipWithError("refused");
    }
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        benchmark::DoNotOptimize(
            respond(fixture.handlers, {fixture.parameters, k_multipart}, now(), fixture.random));
    }
}

void append_record(std::string& out, unsigned char type, const std::string& content) {
    out += {'\x01',
            static_cast<char>(type),
            '\0',
            '\x01',
            static_cast<char>(content.size() >> 8U),
            static_cast<char>(content.size() & 255U),
            '\0',
            '\0'};
    out += content;
}

// A request as nginx sends it.
std::string records() {
    std::string pairs;
    for (const std::string& each : parameters_for(k_multipart_type, k_multipart)) {
        const std::size_t equals = each.find('=');
        pairs += static_cast<char>(equals);
        pairs += static_cast<char>(each.size() - equals - 1);
        pairs += each.substr(0, equals) + each.substr(equals + 1);
    }
    std::string out;
    append_record(out, 1, std::string("\0\1\1\0\0\0\0\0", 8));
    append_record(out, 4, pairs);
    append_record(out, 4, "");
    append_record(out, 5, std::string(k_multipart));
    append_record(out, 5, "");
    return out;
}

void read_records(benchmark::State& state) {
    const std::string input = records();
    fastcgi::RecordReader reader(1024);
    if (reader.read(bytes_of(input)).status != fastcgi::InputStatus::request) {
        state.SkipWithError("no request");
    }
    const CountAllocations counted(state);
    for ([[maybe_unused]] auto round : state) {
        reader.reset();
        benchmark::DoNotOptimize(reader.read(bytes_of(input)));
    }
}

BENCHMARK_CAPTURE(parse, multipart, k_multipart_type, k_multipart);
BENCHMARK_CAPTURE(parse, urlencoded, k_urlencoded_type, k_urlencoded);
BENCHMARK_CAPTURE(parse, json, k_json_type, k_json);
BENCHMARK(make_guest_name);
BENCHMARK(make_guest_color);
BENCHMARK(render);
BENCHMARK(encode_claims);
BENCHMARK(sign);
BENCHMARK(make_token);
BENCHMARK(token);
BENCHMARK(read_records);
BENCHMARK_CAPTURE(mint, builtin, std::string(k_builtin_policy));
BENCHMARK_CAPTURE(bare_hmac, builtin, std::string(k_builtin_policy));

// How the cost grows with the policy.
void add_sizes() {
    for (const std::size_t size : {200U, 500U, 1000U, 2000U, 4000U, 8000U}) {
        const std::string name = std::to_string(size);
        benchmark::RegisterBenchmark(("mint/" + name).c_str(), mint, policy_of_size(size));
        benchmark::RegisterBenchmark(("bare_hmac/" + name).c_str(), bare_hmac,
                                     policy_of_size(size));
    }
}
[[maybe_unused]] const bool k_sizes_added = (add_sizes(), true);

}  // namespace
