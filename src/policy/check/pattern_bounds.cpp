// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/pattern_bounds.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace roomkey {

namespace {

using Kind = PatternItem::Kind;

// The items of one way through a pattern, without groups and what takes no character.
using Path = std::vector<const PatternItem*>;

// Stands for whatever may come before or behind a part of the pattern.
const PatternItem k_anything{Kind::variable};

void append_path(Path& path, const PatternItem& item) {
    if (item.is_quantified || (item.kind == Kind::group && item.alternatives.size() > 1)) {
        path.push_back(&k_anything);
    } else if (item.kind == Kind::group) {
        for (const PatternItem& within : item.alternatives.front()) {
            append_path(path, within);
        }
    } else if (item.kind != Kind::lookahead && item.kind != Kind::assertion) {
        path.push_back(&item);
    }
}

bool has_value(const PatternSequence& sequence) {
    return std::any_of(sequence.begin(), sequence.end(), [](const PatternItem& item) {
        return item.kind == Kind::value ||
               std::any_of(item.alternatives.begin(), item.alternatives.end(), has_value);
    });
}

std::string written(const Placeholder& value) {
    const Reference& first = value.alternatives.front();
    switch (first.source) {
        case Source::form: return "form." + first.name;
        case Source::server: return "server." + first.name;
        case Source::previous: return "previous." + first.name;
        case Source::constant: return first.name;
        case Source::now: return "now";
        case Source::uuid: return "uuid";
        case Source::guest_name: return "guest.name";
        case Source::guest_color: return "guest.color";
    }
    return {};
}

// From `first` to `last`, away from the value: whether it can't run into anything that varies.
template <class Iterator>
bool is_bounded(const Placeholder& value, Iterator first, Iterator last) {
    const auto bound = std::find_if(first, last, [&value](const PatternItem* item) {
        return item->kind != Kind::literal || !may_have(value, item->character);
    });
    return bound != last && (*bound)->kind != Kind::variable && (*bound)->kind != Kind::value;
}

// Whether all is fixed up to the end of the name. Values on the way have ends of their own.
template <class Iterator>
bool is_fixed(Iterator first, Iterator last) {
    const auto end = std::find_if(first, last, [](const PatternItem* item) {
        return item->kind == Kind::variable || item->kind == Kind::start || item->kind == Kind::end;
    });
    return end != last && (*end)->kind != Kind::variable;
}

// The fixed text from an end of the name to the first value or variable part.
template <class Iterator>
std::vector<std::string_view> fixed_text(Iterator first, Iterator last) {
    std::vector<std::string_view> text;
    // The outermost item is what may come before or behind.
    if (last - first < 2 || ((*++first)->kind != Kind::start && (*first)->kind != Kind::end)) {
        return text;
    }
    for (++first; first != last && (*first)->kind == Kind::literal; ++first) {
        text.push_back((*first)->character);
    }
    return text;
}

// Whether neither begins with the other.
bool differ(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
    const std::size_t size = std::min(a.size(), b.size());
    return !std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin());
}

class Search {
public:
    void visit(const std::vector<PatternSequence>& alternatives, const Path& before,
               const Path& after) {
        std::vector<Path> paths;
        for (const PatternSequence& sequence : alternatives) {
            if (!has_value(sequence)) {
                continue;
            }
            Path path = before;
            for (const PatternItem& item : sequence) {
                append_path(path, item);
            }
            path.insert(path.end(), after.begin(), after.end());
            for (const Path& other : paths) {
                tell_apart(path, other);
            }
            paths.push_back(std::move(path));
            visit(sequence, before, after);
        }
    }

    [[nodiscard]] std::optional<Mismatch> result() && { return std::move(m_found); }

private:
    void visit(const PatternSequence& sequence, Path before, const Path& after) {
        for (auto item = sequence.begin(); item != sequence.end(); ++item) {
            Path behind;
            for (auto next = item + 1; next != sequence.end(); ++next) {
                append_path(behind, *next);
            }
            behind.insert(behind.end(), after.begin(), after.end());
            if (item->kind == Kind::value) {
                check(before, *item->value, behind);
            } else if (item->is_quantified) {
                visit(item->alternatives, joined(before, &k_anything), {&k_anything});
            } else {
                visit(item->alternatives, before,
                      item->kind == Kind::lookahead ? Path{&k_anything} : behind);
            }
            append_path(before, *item);
        }
    }

    static Path joined(Path path, const PatternItem* item) {
        path.push_back(item);
        return path;
    }

    void check(const Path& before, const Placeholder& value, const Path& after) {
        const std::string expected =
            value.filter == Filter::regex
                ? "^ or $, with fixed text between, on both sides of a |regex value"
                : "^, $ or a character other than letters, digits, - and _ between a value and "
                  "what "
                  "varies";
        if (!is_bounded(value, before.rbegin(), before.rend())) {
            report({expected, written(value) + " behind something that varies"});
        } else if (!is_bounded(value, after.begin(), after.end())) {
            report({expected, written(value) + " before something that varies"});
        } else if (!is_fixed(before.rbegin(), before.rend()) &&
                   !is_fixed(after.begin(), after.end())) {
            report({"fixed text from ^ to a value, or from it to $",
                    written(value) + " between parts that vary"});
        }
    }

    void tell_apart(const Path& a, const Path& b) {
        if (!differ(fixed_text(a.begin(), a.end()), fixed_text(b.begin(), b.end())) &&
            !differ(fixed_text(a.rbegin(), a.rend()), fixed_text(b.rbegin(), b.rend()))) {
            report({"alternatives that fixed text tells apart",
                    "two with values that may make the same room"});
        }
    }

    void report(Mismatch mismatch) {
        if (!m_found) {
            m_found = std::move(mismatch);
        }
    }

    std::optional<Mismatch> m_found;
};

}  // namespace

std::optional<Mismatch> find_unbounded(const PatternSyntax& pattern) {
    Search search;
    search.visit(pattern.alternatives, {&k_anything}, {&k_anything});
    return std::move(search).result();
}

}  // namespace roomkey
