// SPDX-License-Identifier: MIT
// http/transport_error.hpp: why a request got no response.
#pragma once

#include <tenax/platform/cplusplus.hpp>

namespace tenax::http {

/// Why there is no response.
enum class transport_error : unsigned char {
  none,         ///< there is a response: no error
  unsent,       ///< no connection: the server has seen nothing of the request
  interrupted,  ///< the connection broke: the server may have acted on the request
  timed_out,    ///< no answer in time: the server may have acted on the request
  permanent,    ///< trying again will not help: a malformed URL, a certificate that is refused
  cancelled     ///< the caller ended the transfer
};

}  // namespace tenax::http
