// SPDX-License-Identifier: MIT
// http.cppm: `import tenax.http;` has what `import tenax;` has, and every name of the headers in http/ that need only the
// standard library. Written by `bash tests/module/names.sh --update`.
module;

#include <tenax/http.hpp>
#include <tenax/http/attempt_headers.hpp>
#include <tenax/http/headers.hpp>
#include <tenax/http/hint_reader.hpp>
#include <tenax/http/http_date.hpp>
#include <tenax/http/idempotency_key.hpp>
#include <tenax/http/idempotent.hpp>
#include <tenax/http/poll.hpp>
#include <tenax/http/quota.hpp>
#include <tenax/http/rate_limit_fields.hpp>
#include <tenax/http/response_traits.hpp>
#include <tenax/http/server_delay.hpp>
#include <tenax/http/standard_retry.hpp>
#include <tenax/http/status.hpp>
#include <tenax/http/transport_error.hpp>
#include <tenax/http/uri.hpp>
#include <tenax/http/when.hpp>

export module tenax.http;

export import tenax;

export namespace tenax::http {
using tenax::http::amz_sdk_request;
using tenax::http::amz_sdk_request_options;
using tenax::http::attempt_header;
using tenax::http::delay_of;
using tenax::http::error_of;
using tenax::http::failed;
using tenax::http::for_each_line;
using tenax::http::for_each_rate_limit;
using tenax::http::grpc_previous_rpc_attempts;
using tenax::http::header;
using tenax::http::header_line;
using tenax::http::header_list;
using tenax::http::header_of;
using tenax::http::hint_reader;
using tenax::http::idempotent_only;
using tenax::http::idempotent_only_predicate;
using tenax::http::idempotent_request_predicate;
using tenax::http::is_idempotent_method;
using tenax::http::is_transient;
using tenax::http::is_transient_status;
using tenax::http::key_format;
using tenax::http::location;
using tenax::http::make_idempotency_key;
using tenax::http::parse_http_date;
using tenax::http::poll;
using tenax::http::poll_options;
using tenax::http::profile;
using tenax::http::quota;
using tenax::http::quota_of;
using tenax::http::quota_state;
using tenax::http::rate_limit;
using tenax::http::request;
using tenax::http::resend_baggage;
using tenax::http::resend_count;
using tenax::http::resolve;
using tenax::http::response;
using tenax::http::response_traits;
using tenax::http::retry_after_from_body;
using tenax::http::same_name;
using tenax::http::server_delay;
using tenax::http::server_hint;
using tenax::http::server_verdict;
using tenax::http::standard_poll;
using tenax::http::standard_retry;
using tenax::http::status_of;
using tenax::http::status_text;
using tenax::http::transport_error;
using tenax::http::try_poll;
using tenax::http::uri_parts;
using tenax::http::usable_value;
using tenax::http::wall_time;
using tenax::http::was_never_processed;
}  // namespace tenax::http

export namespace tenax::when {
using tenax::when::status;
using tenax::when::status_predicate;
using tenax::when::throttled;
using tenax::when::throttled_predicate;
using tenax::when::transient;
using tenax::when::transient_predicate;
using tenax::when::transport_error;
using tenax::when::transport_error_predicate;
}  // namespace tenax::when
