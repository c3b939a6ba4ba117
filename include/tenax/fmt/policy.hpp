// SPDX-License-Identifier: MIT
// fmt/policy.hpp: whole policies for {fmt}, in plain words.
#pragma once

#include <tenax/any/detail/policy_text.hpp>
#include <tenax/fmt/description.hpp>
#include <tenax/retrying.hpp>

template <>
struct fmt::formatter<tenax::worst_case_bounds> : tenax::detail::written<tenax::worst_case_bounds> {};

template <class... Parts>
struct fmt::formatter<tenax::policy<Parts...>> : tenax::detail::written<tenax::policy<Parts...>> {};

template <class Policy, class Environment>
struct fmt::formatter<tenax::retrying<Policy, Environment>> : fmt::formatter<Policy> {};

/// An `any_retrying`, which is a class of its own.
template <class Retrying>
  requires requires { typename Retrying::erased_policy; }
struct fmt::formatter<Retrying, char> : fmt::formatter<typename Retrying::erased_policy> {};
