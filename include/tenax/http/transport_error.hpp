// SPDX-License-Identifier: MIT
// http/transport_error.hpp: why a request got no response: no connection, a broken one, a timeout.
#pragma once

#include <tenax/platform/cplusplus.hpp>

namespace tenax::http {

/// Why there is no response.
enum class transport_error : unsigned char {
  none,         ///< there is a response
  unsent,       ///< no connection: the server has seen no part of the request
  interrupted,  ///< the connection broke: the server may have acted on the request
  timed_out,    ///< no answer in time: the server may have acted on the request
  permanent,    ///< trying again will not help: a malformed URL, a refused certificate
  cancelled     ///< the caller ended the transfer
};

}  // namespace tenax::http
