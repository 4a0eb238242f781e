// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/claims_check.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "roomkey/policy/check/permissions_check.hpp"

namespace roomkey {

namespace {

const Place k_root("claims");

// A visitor who chooses the name of a claim chooses which claim it is.
void check_names(const Object& claims, Diagnostics& diagnostics) {
    for (const Member& claim : claims.members) {
        if (claim.key.depends_on_request()) {
            diagnostics.error((k_root / claim.key.written).pointer(),
                              {"a claim's name that no request changes", shown(claim.key)});
        }
    }
}

// Text in front keeps a key among others that begin with it.
void check_keys(const Object& claims, Diagnostics& diagnostics) {
    for (const Member& claim : claims.members) {
        if (permissions_of(claim) != nullptr) {
            continue;
        }
        walk(claim.value, k_root / claim.key.written, [&](const Node& node, const Place& place) {
            const auto* object = std::get_if<Object>(&node.value);
            if (object == nullptr) {
                return;
            }
            for (const Member& member : object->members) {
                const auto* first = member.key.pieces.empty()
                                        ? nullptr
                                        : std::get_if<Placeholder>(&member.key.pieces.front());
                if (first != nullptr && first->depends_on_request()) {
                    diagnostics.warning(
                        (place / member.key.written).pointer(),
                        "is a key that the request chooses; where keys are rights or rooms, one "
                        "that begins with text of the policy is safe");
                }
            }
        });
    }
}

// Patterns have checks of their own.
enum class Role { text, pattern };

// Calls `see(text, place, role)` for each string and key.
template <class See>
void for_each_text(const Object& claims, const See& see) {
    for (const Member& claim : claims.members) {
        const Place place = k_root / claim.key.written;
        see(claim.key, place, Role::text);
        walk(claim.value, place, [&](const Node& node, const Place& at) {
            if (const auto* text = std::get_if<Text>(&node.value)) {
                see(*text, at, Role::text);
            } else if (const auto* object = std::get_if<Object>(&node.value); object != nullptr) {
                const Role role = object == permissions_of(claim) ? Role::pattern : Role::text;
                for (const Member& member : object->members) {
                    see(member.key, at / member.key.written, role);
                }
            }
        });
    }
}

// Elsewhere nothing checks what the value runs into.
void check_regex(const Object& claims, Diagnostics& diagnostics) {
    for_each_text(claims, [&](const Text& text, const Place& place, Role role) {
        const auto all = text.placeholders();
        if (role == Role::text && text.whole() == nullptr &&
            std::any_of(all.begin(), all.end(), [](const auto* each) {
                return each->filter == Filter::regex && each->depends_on_request();
            })) {
            diagnostics.warning(place.pointer(),
                                "has |regex outside of a pattern of permissions: a space, a comma "
                                "or a quote stays as it is, and nothing tells where a value ends");
        }
    });
}

bool visitor_may_choose(const Text& text) {
    const auto all = text.placeholders();
    return std::any_of(all.begin(), all.end(),
                       [](const Placeholder* each) { return each->has(Source::form); });
}

// Whether a request may choose a key on the way to `path`, and so what is found there.
bool has_chosen_key(const Object& claims, const std::string& path) {
    for (std::size_t dot = path.find('.'); dot != std::string::npos;
         dot = path.find('.', dot + 1)) {
        const Node* outer = find_claim(claims, path.substr(0, dot));
        const auto* object = outer == nullptr ? nullptr : std::get_if<Object>(&outer->value);
        if (object != nullptr &&
            std::any_of(object->members.begin(), object->members.end(),
                        [](const Member& each) { return each.key.depends_on_request(); })) {
            return true;
        }
    }
    return false;
}

// Whether a visitor may have chosen what the token before has at `path`, or one before that.
bool may_have_been_chosen(const Object& claims, const std::string& path,
                          std::set<std::string>& seen) {
    const Node* claim = find_claim(claims, path);
    if (claim == nullptr || !seen.insert(path).second) {
        return claim == nullptr && has_chosen_key(claims, path);
    }
    bool is_chosen = false;
    const auto look = [&](const Text& text) {
        is_chosen = is_chosen || visitor_may_choose(text);
        for (const Placeholder* placeholder : text.placeholders()) {
            for (const Reference& each : placeholder->alternatives) {
                is_chosen = is_chosen || (each.source == Source::previous &&
                                          may_have_been_chosen(claims, each.name, seen));
            }
        }
    };
    walk(*claim, k_root, [&](const Node& node, const Place& /*place*/) {
        if (const auto* text = std::get_if<Text>(&node.value)) {
            look(*text);
        } else if (const auto* object = std::get_if<Object>(&node.value)) {
            std::for_each(object->members.begin(), object->members.end(),
                          [&](const Member& member) { look(member.key); });
        }
    });
    return is_chosen;
}

// What may be meant otherwise by the claim of the token before that a value takes: a visitor's
// choice stays one, unless he may choose now, too.
std::optional<std::string> find_doubt(const std::string& path, const Placeholder& placeholder,
                                      const Object& claims) {
    const Node* claim = find_claim(claims, path);
    const bool is_string = claim != nullptr && (std::holds_alternative<Text>(claim->value) ||
                                                std::holds_alternative<JsonText>(claim->value));
    std::set<std::string> seen;
    if ((is_string || claim == nullptr) && may_have_been_chosen(claims, path, seen)) {
        return placeholder.has(Source::form)
                   ? std::nullopt
                   : std::optional("takes previous." + path + ", which a visitor may have chosen" +
                                   (claim == nullptr ? "" : " (" + shown(*claim) + ")") +
                                   ", so it proves nothing");
    }
    if (!is_string) {
        return "takes previous." + path + ", which is no string of these claims, so it is absent";
    }
    return std::nullopt;
}

// What begins with the visitor's choice proves nothing.
void check_previous(const Object& claims, bool has_renewal, Diagnostics& diagnostics) {
    const auto check = [&](const Placeholder& placeholder, const std::string& at) {
        bool is_begun = false;
        for (const Reference& each : placeholder.alternatives) {
            if (each.source == Source::form && is_begun) {
                diagnostics.error(at, {"form. before previous., or not at all",
                                       "form." + each.name + " behind it"});
            } else if (each.source == Source::previous) {
                is_begun = true;
                if (const auto doubt = find_doubt(each.name, placeholder, claims)) {
                    diagnostics.warning(at, *doubt);
                }
            }
        }
        if (is_begun && !has_renewal) {
            diagnostics.error(at, {R"("renewal" beside "claims")", "previous. without it"});
        }
    };
    for_each_text(claims, [&](const Text& text, const Place& place, Role /*role*/) {
        for (const Placeholder* placeholder : text.placeholders()) {
            check(*placeholder, place.pointer());
        }
    });
}

void check_identity(const Object& claims, Diagnostics& diagnostics) {
    constexpr std::array<std::string_view, 3> k_identities{"sub", "user_id", "x-ably-clientId"};
    for (const Member& claim : claims.members) {
        const std::string* name = claim.key.constant();
        const auto* text = std::get_if<Text>(&claim.value.value);
        if (name != nullptr && text != nullptr && visitor_may_choose(*text) &&
            std::find(k_identities.begin(), k_identities.end(), *name) != k_identities.end()) {
            diagnostics.warning((k_root / claim.key.written).pointer(),
                                "is whatever the visitor sends, so anybody can be anyone; "
                                "server.ROOMKEY_USER is what the web server vouches for");
        }
    }
}

// Where whoever reads the token gives some characters a meaning, any text is more than a name.
void check_wholes(const Object& claims, Diagnostics& diagnostics) {
    constexpr std::array<std::string_view, 9> k_meaningful{
        "aud",   "channel", "channels",       "jid", "mercure.publish", "mercure.subscribe",
        "scope", "scp",     "x-ably-clientId"};
    for (const std::string_view path : k_meaningful) {
        const Node* claim = find_claim(claims, path);
        if (claim == nullptr) {
            continue;
        }
        const std::size_t dot = path.find('.');
        const Place outer = k_root / path.substr(0, dot);
        const bool is_inner = dot != std::string_view::npos;
        walk(*claim, is_inner ? outer / path.substr(dot + 1) : outer,
             [&](const Node& node, const Place& place) {
                 const auto* text = std::get_if<Text>(&node.value);
                 const Placeholder* whole = text == nullptr ? nullptr : text->whole();
                 if (whole != nullptr && whole->filter == Filter::none &&
                     whole->depends_on_request()) {
                     diagnostics.warning(
                         place.pointer(),
                         "takes any text of the request, in a claim where *, a space or "
                         "a colon may mean something; |name lets names alone in");
                 }
             });
    }
}

// Where two values follow each other, `a-b-c` is `a` and `b-c` as well as `a-b` and `c`.
void check_neighbours(const Object& claims, Diagnostics& diagnostics) {
    const auto is_vouched_for = [](const Placeholder& value) {
        return value.filter == Filter::text || value.filter == Filter::regex;
    };
    for_each_text(claims, [&](const Text& text, const Place& place, Role role) {
        const Placeholder* before = nullptr;
        bool is_apart = true;
        for (const Text::Piece& piece : text.pieces) {
            const auto* value = std::get_if<Placeholder>(&piece);
            if (value == nullptr) {
                const auto& literal = std::get<std::string>(piece);
                is_apart = std::any_of(literal.begin(), literal.end(), [before](const char& c) {
                    return before == nullptr || !may_have(*before, {&c, 1});
                });
                continue;
            }
            if (role == Role::text && before != nullptr && !is_apart && *before != *value &&
                !is_vouched_for(*before) && !is_vouched_for(*value) &&
                (before->depends_on_request() || value->depends_on_request())) {
                diagnostics.error(place.pointer(),
                                  {"text between two values that the first of them can't have, "
                                   "such as : or a space",
                                   shown(text)});
            }
            before = value;
            is_apart = false;
        }
    });
}

}  // namespace

void check_claims(const Object& claims, bool has_renewal, Diagnostics& diagnostics) {
    check_names(claims, diagnostics);
    check_keys(claims, diagnostics);
    check_regex(claims, diagnostics);
    check_neighbours(claims, diagnostics);
    check_previous(claims, has_renewal, diagnostics);
    check_identity(claims, diagnostics);
    check_wholes(claims, diagnostics);
}

}  // namespace roomkey
