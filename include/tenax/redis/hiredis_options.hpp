// SPDX-License-Identifier: MIT
// redis/hiredis_options.hpp: where the store is, and who asks.
#pragma once

#include <string>

#include <tenax/duration.hpp>

namespace tenax::redis {

/// How to reach a server that speaks the protocol of Redis.
struct hiredis_options {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string unix_socket = {};  ///< the path of a socket, in place of host and port
  std::string user = {};         ///< of an access list (Redis 6 and newer)
  std::string password = {};     ///< empty: none
  int database = 0;
  any_duration connect_timeout = std::chrono::seconds(1);  ///< more than zero
  any_duration answer_timeout = std::chrono::seconds(1);   ///< then the connection is given up; more than zero
};

}  // namespace tenax::redis
