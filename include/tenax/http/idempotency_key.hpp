// SPDX-License-Identifier: MIT
// http/idempotency_key.hpp: makes idempotency keys, by which a server recognizes a repeated request.
#pragma once

#include <cstdio>
#include <stdexcept>
#include <string>

#include <tenax/detail/reject.hpp>
#include <tenax/platform/entropy.hpp>

namespace tenax::http {

/// How the value of an `Idempotency-Key` header is written.
enum class key_format : unsigned char {
  quoted,  ///< `"8e03978e-40d5-43dd-bc93-6894a57f9324"`: a string, as in draft-ietf-httpapi-idempotency-key-header
  plain    ///< without quotes, as Stripe and most services that are older than the draft expect it
};

namespace detail {

/// Reads the system's random source where `getentropy` is not permitted.
inline void read_system_random(unsigned char* bytes, std::size_t size) {
  std::size_t read = 0;
  if (auto* const file = std::fopen("/dev/urandom", "rb"); file != nullptr) {
    read = std::fread(bytes, 1, size, file);
    std::fclose(file);
  }
  if (read != size) {
    tenax::detail::raise(
        std::runtime_error("tenax: make_idempotency_key() needs the system's randomness, but neither getentropy() nor "
                           "/dev/urandom gives any"));
  }
}

}  // namespace detail

/// Returns a new key: a random UUID (RFC 9562 section 5.4) from the operating system's random source. Make a new key
/// for each request, and send it with every attempt of that request and with no other request.
///
/// Throws `std::runtime_error` if the system's random source fails: with equal keys, a server would take two requests
/// for one, and would not carry out the second.
///
/// Thread safety: safe to call from several threads.
[[nodiscard]] inline std::string make_idempotency_key(key_format format = key_format::quoted) {
  unsigned char bytes[16];
  if (!platform::random_bytes(bytes, sizeof bytes)) detail::read_system_random(bytes, sizeof bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string key;
  key.reserve(38);
  if (format == key_format::quoted) key += '"';
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) key += '-';
    key += "0123456789abcdef"[bytes[i] >> 4];
    key += "0123456789abcdef"[bytes[i] & 15];
  }
  if (format == key_format::quoted) key += '"';
  return key;
}

}  // namespace tenax::http
