// SPDX-License-Identifier: MIT
// driver/detail/reading.hpp: how a policy reads the outcome of an attempt: its hint, and the quota that is left.
#pragma once

#include <concepts>
#include <type_traits>

#include <tenax/gate/detail/feedback.hpp>
#include <tenax/gate/gate.hpp>
#include <tenax/platform/compiler.hpp>
#include <tenax/policy.hpp>
#include <tenax/result_traits.hpp>

namespace tenax::detail {

/// The hint that the outcome gives, or the one that it carries beside what the policy's own reader of hints gives.
/// `Plain`: the outcome is a value that gives none.
template <class HintReader, bool Plain = false, class T>
TENAX_ALWAYS_INLINE constexpr hint read_hint([[maybe_unused]] outcome<T> const& result) {
  if constexpr (Plain) {
    return {};
  } else if constexpr (std::is_same_v<HintReader, own_hint_reader>) {
    return hint_of(result);
  } else {
    return carried_hint(result);
  }
}

template <class Policy, class T>
inline constexpr bool reads_quota = requires(typename Policy::hint_reader_type const& f, attempt<T> const& a) {
  { f.quota(a) } -> std::convertible_to<allowance>;
};

/// What is left of a quota, as the policy's reader of hints reads it.
template <class Policy, class T>
constexpr allowance quota_left(Policy const& policy, attempt<T> const& a) {
  if constexpr (reads_quota<Policy, T>) {
    return a.hint.no_quota ? allowance{} : policy.hint_reader.quota(a);
  } else if constexpr (std::is_same_v<typename Policy::hint_reader_type, own_hint_reader>) {
    return a.hint.no_quota ? allowance{} : quota_left(a.result);
  } else {
    return quota_left(a.result);
  }
}

}  // namespace tenax::detail
