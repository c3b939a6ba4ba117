// SPDX-License-Identifier: MIT
// http/detail/owner.hpp: owns an object of a polymorphic type.
#pragma once

#include <tenax/platform/cplusplus.hpp>

namespace tenax::http::detail {

/// Owns an object, or nothing. `std::unique_ptr` does the same with about twenty functions for each type, which the
/// compiler translates without optimization.
template <class T>
class owner {
 public:
  owner() = default;
  explicit owner(T* object) noexcept : object_(object) {}
  owner(owner&& other) noexcept : object_(other.object_) { other.object_ = nullptr; }
  owner& operator=(owner&& other) noexcept {
    auto* const old = object_;
    object_ = other.object_;
    other.object_ = old;
    return *this;
  }
  ~owner() { delete object_; }

  [[nodiscard]] T* get() const noexcept { return object_; }
  [[nodiscard]] T* operator->() const noexcept { return object_; }
  [[nodiscard]] T& operator*() const noexcept { return *object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace tenax::http::detail
