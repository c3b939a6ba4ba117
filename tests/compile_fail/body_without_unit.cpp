// expect: tenax: http::retry_after_from_body() needs a function that takes the body as a std::string_view and returns an optional duration, such as a std::optional<std::chrono::seconds>
// SPDX-License-Identifier: MIT
// body_without_unit.cpp: a body reader that returns a number without a unit.
#include <optional>

#include <tenax/http/hint_reader.hpp>

#ifdef CORRECTED
auto const hint_reader =
    tenax::http::retry_after_from_body([](std::string_view body) { return std::chrono::seconds(body.size()); });
#else
auto const hint_reader =
    tenax::http::retry_after_from_body([](std::string_view body) { return std::optional(body.size()); });
#endif
