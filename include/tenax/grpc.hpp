// SPDX-License-Identifier: MIT
// grpc.hpp: gRPC: unary calls, and server streams until their first message, by a retry policy.
#pragma once

#include <tenax/grpc/attempt_context.hpp>
#include <tenax/grpc/reply.hpp>
#include <tenax/grpc/retry_info.hpp>
#include <tenax/grpc/server_stream.hpp>
#include <tenax/grpc/status_code.hpp>
#include <tenax/grpc/unary.hpp>
