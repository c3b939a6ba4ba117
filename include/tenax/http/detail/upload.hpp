// SPDX-License-Identifier: MIT
// http/detail/upload.hpp: cpp-httplib request bodies from content providers, and whether they can be read again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

#include <httplib.h>

#include <tenax/http/replayable.hpp>

namespace tenax::http::detail {

template <class F>
concept sized_provider = std::is_invocable_r_v<bool, F&, std::size_t, std::size_t, httplib::DataSink&>;
template <class F>
concept endless_provider = std::is_invocable_r_v<bool, F&, std::size_t, httplib::DataSink&>;
template <class F>
concept content_provider = sized_provider<F> || endless_provider<F>;

/// The parts of a multipart body that come from providers.
template <class Items>
concept provider_items = requires(Items& items) {
  items.size();
  items.begin()->provider;
  items.begin()->content_type;
};

template <class P>
inline constexpr bool can_rewind = requires(P& p) { p.rewind(); };

/// Identifies bytes by their number and a hash (FNV-1a).
struct digest {
  std::uint64_t size = 0;
  std::uint64_t hash = 14695981039346656037U;

  void add(char const* data, std::size_t count) noexcept {
    size += count;
    for (std::size_t i = 0; i < count; ++i) hash = (hash ^ static_cast<unsigned char>(data[i])) * 1099511628211U;
  }
  friend bool operator==(digest const&, digest const&) = default;
};

/// Identifies a body by its size and a few bytes of each page, so that large bodies cost little.
struct body_sample {
  digest seen{};

  void add(char const* data, std::size_t count) noexcept {
    constexpr std::uint64_t page = 4096, looked_at = 64;
    for (std::size_t i = 0; i < count;) {
      auto const at = seen.size % page;
      auto const rest =
          static_cast<std::size_t>((std::min<std::uint64_t>)(count - i, (at < looked_at ? looked_at : page) - at));
      if (at < looked_at) {
        seen.add(data + i, rest);
      } else {
        seen.size += rest;
      }
      i += rest;
    }
  }
};

/// What is known about one provider during a request, over all its attempts.
struct upload {
  bool read = false;                      ///< it has been called
  bool begun = false;                     ///< it has been called in the current attempt
  bool wrote = false;                     ///< it has given bytes since the attempt began
  bool ready = false;                     ///< it has been set back since it was read
  digest first{};                         ///< the bytes that its first call gave
  bool by_offset = false;                 ///< it seems to read by offset: it gave its first bytes twice
  bool differs = false;                   ///< it does not read by offset: its body differs from an earlier one
  body_sample before{};                   ///< the body as an earlier attempt read it, as far as it came
  body_sample now{};                      ///< the body as this attempt has read it so far
  std::function<bool()> rewind{};         ///< sets it back; empty if it cannot
  std::function<digest()> asked_again{};  ///< repeats its first call, if that call had offset and length

  /// Makes the provider ready to give its body again; returns false if it cannot. A provider that is called with offset
  /// and length may use them, or may read a stream. Therefore its first call is repeated, to compare the bytes.
  bool set_back() {
    if (!read || ready) return true;
    if (!rewind) {
      if (first.size == 0 || !asked_again || std::exchange(asked_again, nullptr)() != first) return false;
      rewind = [] { return true; };
      by_offset = true;
    }
    if (now.seen.size > before.seen.size) before = now;
    now = {};
    return ready = rewind();
  }

  /// Records sent bytes. Returns false, before the end of the body, if they differ from those of an earlier attempt: a
  /// stream may give equal bytes twice.
  bool goes_on_as_before(char const* data, std::size_t size) noexcept {
    if (by_offset && now.seen.size < before.seen.size && size >= before.seen.size - now.seen.size) {
      auto const rest = static_cast<std::size_t>(before.seen.size - now.seen.size);
      now.add(data, rest);
      if (now.seen != before.seen) return false;
      data += rest;
      size -= rest;
    }
    now.add(data, size);
    return true;
  }
};

/// Asks a provider for its first bytes. Its exceptions do not count as failures of the request.
template <class P>
digest first_bytes(P& provider, std::size_t length) {
  digest given;
  httplib::DataSink sink;
  sink.write = [&given](char const* data, std::size_t size) {
    given.add(data, size);
    return true;
  };
  sink.done = [] {};
  sink.is_writable = [] { return true; };
#if defined(__cpp_exceptions)
  try {
    return provider(std::size_t{0}, length, sink) ? given : digest{};
  } catch (std::exception const&) {
  }
#if defined(__GLIBCXX__)
  catch (__cxxabiv1::__forced_unwind const&) {
    throw;
  }
#endif
  catch (...) {
  }
  return {};
#else
  return provider(std::size_t{0}, length, sink) ? given : digest{};
#endif
}

/// Sets a question for the next provider that is called on this thread, and removes it in the destructor.
class question_scope {
 public:
  explicit question_scope(provider_question& q) { asked_of_provider = &q; }
  question_scope(question_scope const&) = delete;
  question_scope& operator=(question_scope const&) = delete;
  ~question_scope() { asked_of_provider = nullptr; }
};

/// Calls a provider. Its first call finds out how to set it back, even if it is stored in a `std::function`.
template <class P, class... Length>
bool read_from(upload& u, P& provider, httplib::DataSink& sink, std::size_t offset, Length... length) {
  if constexpr (can_rewind<P>) {
    u.rewind = [&provider] { return provider.rewind(); };
#if defined(__cpp_rtti)
  } else if constexpr (requires { provider.target_type(); }) {
    if (!u.rewind) {
      provider_question question;
      question_scope const scope(question);
      bool const wants_more = static_cast<bool>(provider(offset, length..., sink));
      if (question.type == nullptr || *question.type != provider.target_type()) return wants_more;
      u.rewind = [&provider, length...] {
        provider_question to_rewind{.rewinds = true};
        question_scope const asks(to_rewind);
        httplib::DataSink nowhere;
        provider(std::size_t{0}, length..., nowhere);
        return to_rewind.rewound;
      };
      return wants_more;
    }
#endif
  }
  return static_cast<bool>(provider(offset, length..., sink));
}

/// Whether this call asks `provider` to give its body from the start again. Clients may read a body twice within one
/// attempt: after a redirect, and to authenticate.
constexpr bool starts_again(upload const& u, std::size_t offset) noexcept {
  return offset == 0 && u.read && (!u.begun || u.wrote);
}

/// Records, during its lifetime, the bytes that are written to a sink.
class watched_sink {
 public:
  watched_sink(httplib::DataSink& sink, upload& u, bool first, bool samples)
      : sink_(sink), write_(std::move(sink.write)) {
    sink.write = [this, &u, first, samples](char const* data, std::size_t size) {
      u.wrote = u.wrote || size != 0;
      if (first) u.first.add(data, size);
      if (samples && (u.differs = u.differs || !u.goes_on_as_before(data, size))) return false;
      return write_(data, size);
    };
  }
  watched_sink(watched_sink const&) = delete;
  watched_sink& operator=(watched_sink const&) = delete;
  ~watched_sink() { sink_.write = std::move(write_); }

 private:
  httplib::DataSink& sink_;
  decltype(httplib::DataSink::write) write_;
};

}  // namespace tenax::http::detail
