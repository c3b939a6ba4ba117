// SPDX-License-Identifier: MIT
// any/detail/text_sink.hpp: a text that is being written, of any type.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

#include <tenax/duration.hpp>

namespace tenax::detail {

/// What the `describe(out)` of policies and results calls, without the type of the text.
class text_sink {
 public:
  virtual void text(std::string_view words) = 0;
  virtual void time(duration d) = 0;
  virtual void foreign(std::string_view words) = 0;
  virtual void percent(double share) = 0;
  virtual void cap(duration max) = 0;
  [[nodiscard]] virtual std::size_t size() const = 0;

  template <class N>
    requires std::is_arithmetic_v<N>
  void number(N n) {
    if constexpr (std::is_floating_point_v<N>) {
      real(static_cast<double>(n));
    } else if constexpr (std::is_signed_v<N>) {
      whole(static_cast<std::int64_t>(n));
    } else {
      natural(static_cast<std::uint64_t>(n));
    }
  }
  void count(std::uint64_t n, std::string_view one, std::string_view many) {
    natural(n);
    text(n == 1 ? one : many);
  }
  /// Only values that the core can write.
  template <class T>
  void value(T const& v, std::string_view otherwise) {
    if constexpr (std::is_arithmetic_v<T> && !std::same_as<T, bool> && !std::same_as<T, char>) {
      number(v);
    } else if constexpr (std::is_convertible_v<T const&, std::string_view>) {
      foreign(v);
    } else {
      text(otherwise);
    }
  }
  template <class... Joints>
  void bracket(std::size_t start, Joints... joints) {
    for (std::string_view const joint : {std::string_view(joints)...}) bracket_if(start, joint);
  }

 protected:
  ~text_sink() = default;

 private:
  virtual void whole(std::int64_t n) = 0;
  virtual void natural(std::uint64_t n) = 0;
  virtual void real(double n) = 0;
  virtual void bracket_if(std::size_t start, std::string_view joint) = 0;
};

/// Writes to a text of type `Out`, as far as that can write.
template <class Out>
class sink_to final : public text_sink {
 public:
  explicit sink_to(Out& out) : out_(out) {}

  void text(std::string_view words) override { out_.text(words); }
  void time(duration d) override {
    if constexpr (requires { out_.time(d); }) out_.time(d);
  }
  void foreign(std::string_view words) override {
    if constexpr (requires { out_.foreign(words); }) {
      out_.foreign(words);
    } else {
      out_.text(words);
    }
  }
  void percent(double share) override {
    if constexpr (requires { out_.percent(share); }) out_.percent(share);
  }
  void cap(duration max) override {
    if constexpr (requires { out_.cap(max); }) out_.cap(max);
  }
  [[nodiscard]] std::size_t size() const override {
    if constexpr (requires { out_.size(); }) return out_.size();
    return 0;
  }

 private:
  template <class N>
  void any_number(N n) {
    if constexpr (requires { out_.number(n); }) out_.number(n);
  }
  void whole(std::int64_t n) override { any_number(n); }
  void natural(std::uint64_t n) override { any_number(n); }
  void real(double n) override { any_number(n); }
  void bracket_if(std::size_t start, std::string_view joint) override {
    if constexpr (requires { out_.bracket(start, joint); }) out_.bracket(start, joint);
  }

  Out& out_;
};

}  // namespace tenax::detail
