// SPDX-License-Identifier: MIT
// settings/detail/nearest.hpp: finds the known word that a misspelled one means.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include <tenax/detail/foreign_text.hpp>

namespace tenax::detail {

/// Text from outside for a sentence, cut after `most` characters. Control characters become blanks.
inline std::string safe_text(std::string_view words, int most) {
  std::string text;
  for (; !words.empty(); --most) {
    if (most == 0) return text + "...";
    text += take_safe(words);
  }
  return text;
}

/// A word of a configuration in quotation marks.
// By +=, because g++ 12 warns of a literal before a temporary string.
inline std::string quoted(std::string_view word) {
  std::string text = "\"";
  text += safe_text(word, 24);
  text += '"';
  return text;
}

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The number of letters to insert, remove, replace or swap with the next one, to make `b` of `a`. Case does not count,
/// and `-` is `_`. Words of more than 24 letters are at a distance of 25.
inline std::size_t distance(std::string_view a, std::string_view b) noexcept {
  constexpr std::size_t most = 24;
  if (a.size() > most || b.size() > most) return most + 1;
  auto const same = [](char x, char y) { return lower(x) == lower(y) || (x == '-' && y == '_'); };
  std::size_t rows[3][most + 1];
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto* const row = rows[i % 3];
    auto const* const last = rows[(i + 2) % 3];
    auto const* const before = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto least = last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      if (last[j] + 1 < least) least = last[j] + 1;
      if (row[j - 1] + 1 < least) least = row[j - 1] + 1;
      bool const swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
      if (swapped && before[j - 2] + 1 < least) least = before[j - 2] + 1;
      row[j] = least;
    }
  }
  return rows[a.size() % 3][b.size()];
}

/// A word that other libraries use, and the word of this one.
struct synonym {
  std::string_view other;
  std::string_view own;
};

/// The known word that `word` means: a synonym, the longer form of an abbreviation, or the nearest word if at most a
/// third of its letters differ. Empty if there is none.
inline std::string_view nearest(std::string_view word, std::initializer_list<std::string_view> known,
                                std::initializer_list<synonym> synonyms) noexcept {
  for (auto const s : synonyms) {
    if (distance(word, s.other) == 0) return s.own;
  }
  std::string_view best;
  std::size_t least = 25;
  auto const consider = [&](std::string_view candidate, std::string_view meaning) {
    auto const d = distance(word, candidate);
    if (d < least && d <= (candidate.size() + 2) / 3) {
      least = d;
      best = meaning;
    }
  };
  for (auto const k : known) consider(k, k);
  for (auto const s : synonyms) consider(s.other, s.own);
  if (!best.empty() || word.size() < 3) return best;
  for (auto const k : known) {
    if (k.size() > word.size() && distance(word, k.substr(0, word.size())) == 0) return k;
  }
  return best;
}

/// `"expo" is not a wait; did you mean "exponential"?`, or the list of what there is.
inline std::string unknown_word(std::string_view word, std::string_view what,
                                std::initializer_list<std::string_view> known,
                                std::initializer_list<synonym> synonyms = {}) {
  auto text = quoted(word) + " is not " + std::string(what);
  auto const best = nearest(word, known, synonyms);
  if (!best.empty()) return text + "; did you mean " + quoted(best) + "?";
  text += "; write ";
  std::size_t n = 0;
  for (auto const k : known) {
    text += n == 0 ? "" : n + 1 == known.size() ? " or " : ", ";
    text += k;
    ++n;
  }
  return text;
}

}  // namespace tenax::detail
