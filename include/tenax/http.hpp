// SPDX-License-Identifier: MIT
// http.hpp: the core and all HTTP headers that need only the standard library. Adapters for clients are extra includes.
#pragma once

#include <tenax/http/hint_reader.hpp>
#include <tenax/http/http_date.hpp>
#include <tenax/http/idempotency_key.hpp>
#include <tenax/http/idempotent.hpp>
#include <tenax/http/poll.hpp>
#include <tenax/http/quota.hpp>
#include <tenax/http/response_traits.hpp>
#include <tenax/http/server_delay.hpp>
#include <tenax/http/standard_retry.hpp>
#include <tenax/http/status.hpp>
#include <tenax/http/uri.hpp>
#include <tenax/http/when.hpp>
#include <tenax/tenax.hpp>
