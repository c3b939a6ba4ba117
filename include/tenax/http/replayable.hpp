// SPDX-License-Identifier: MIT
// http/replayable.hpp: cpp-httplib content providers whose request body can be sent again on a retry.
#pragma once

#include <type_traits>
#include <typeinfo>
#include <utility>

#include <tenax/duration.hpp>

namespace tenax::http {

namespace detail {

/// Asks a provider that is stored in a `std::function` for its type, or to set itself back.
struct provider_question {
  std::type_info const* type = nullptr;  ///< the type of the called provider, if it can be read again
  bool rewinds = false;                  ///< the call sets the provider back instead of reading from it
  bool rewound = false;
};
inline constinit thread_local provider_question* asked_of_provider = nullptr;

}  // namespace detail

/// See `http::replayable` and `http::rewindable`. `Rewind` sets the provider back to its start.
template <class Provider, class Rewind>
class rewindable_provider {
 public:
  rewindable_provider(Provider p, Rewind r) : provider_(std::move(p)), rewind_(std::move(r)) {}

  /// Makes the provider ready to be read from the start. Returns false if that fails.
  bool rewind() const {
    if constexpr (std::is_void_v<std::invoke_result_t<Rewind const&>>) {
      rewind_();
      return true;
    } else {
      return static_cast<bool>(rewind_());
    }
  }

  template <class... Args>
    requires std::is_invocable_r_v<bool, Provider&, Args...>
  bool operator()(Args&&... args) {
    if (auto* const question = std::exchange(detail::asked_of_provider, nullptr)) {
#if defined(__cpp_rtti)
      question->type = &typeid(rewindable_provider);
#endif
      if (question->rewinds) {
        question->rewound = rewind();
        return true;
      }
    }
    return static_cast<bool>(provider_(std::forward<Args>(args)...));
  }

 private:
  Provider provider_;
  Rewind rewind_;
};

/// Makes a content provider that can be read again, from one that gives the same bytes for the same offset in every
/// call: one that reads from memory, or with `pread`. `http::retrying_client` may send its request again. Copies the
/// provider.
/// ```
/// client.Put("/file", size, http::replayable([&](size_t offset, size_t length, httplib::DataSink& sink) {
///   return sink.write(bytes.data() + offset, length);
/// }), "text/plain");
/// ```
template <class Provider>
[[nodiscard]] auto replayable(Provider provider) {
  auto const nothing_to_do = [] {};
  return rewindable_provider<Provider, std::remove_const_t<decltype(nothing_to_do)>>(std::move(provider),
                                                                                     nothing_to_do);
}

/// Makes a content provider that can be read again, from one that reads on from its current position, such as a stream,
/// and a function that sets it back to its start. `http::retrying_client` may send its request again: it calls
/// `rewind()` before it reads the body again. `rewind` returns nothing, or whether it succeeded; if it failed, the
/// request is not sent again. Exceptions of `rewind` leave the call. Copies both.
/// ```
/// client.Put("/file", http::rewindable(read_next_block, [&] { file.clear(); file.seekg(0); }), "text/plain");
/// ```
template <class Provider, class Rewind>
[[nodiscard]] auto rewindable(Provider provider, [[maybe_unused]] Rewind rewind) {
  if constexpr (std::is_invocable_v<Rewind const&>) {
    return rewindable_provider<Provider, Rewind>(std::move(provider), std::move(rewind));
  } else {
    static_assert(
        tenax::detail::always_false<Rewind>,
        "tenax: http::rewindable() needs a provider and a function without parameters that sets it back to its "
        "start, as in http::rewindable(provider, [&] { file.seekg(0); })");
    return http::replayable(std::move(provider));
  }
}

}  // namespace tenax::http
