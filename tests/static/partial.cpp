// SPDX-License-Identifier: MIT
// partial.cpp: which combinations of waits always have an answer, and which may have none.
#include <memory>
#include <optional>

#include <tenax/tenax.hpp>

using namespace std::chrono_literals;
using namespace tenax;

namespace {

constexpr auto total = tenax::wait::constant(1s);
constexpr auto partial = tenax::wait::retry_after;
constexpr auto own_total = [](attempt_info const&) { return 1s; };
constexpr auto own_partial = [](attempt_info const&) { return std::optional(1s); };
constexpr auto typed_total = [](attempt<int> const&) { return 1s; };
constexpr auto typed_partial = [](attempt<int> const&) { return std::optional(1s); };

template <class A = attempt<int>, class W>
constexpr bool is_total(W const&) {
  return wait_strategy<W, A>;
}
template <class A = attempt<int>, class W>
constexpr bool is_partial(W const&) {
  return partial_wait_strategy<W, A> && !wait_strategy<W, A>;
}
template <class A, class W>
constexpr bool is_none(W const&) {
  return !partial_wait_strategy<W, A>;
}

static_assert(is_total(total) && is_partial(partial));
static_assert(is_total(own_total) && is_partial(own_partial));
static_assert(is_total(typed_total) && is_none<attempt<long>>(typed_total) && is_none<attempt_info>(typed_total));

// A sum has no answer unless both operands have one.
static_assert(is_total(total + total));
static_assert(is_partial(total + partial));
static_assert(is_partial(partial + total));
static_assert(is_partial(partial + partial));
static_assert(is_total(total + own_total) && is_partial(total + own_partial) && is_partial(own_partial + total));
static_assert(is_total(total + typed_total) && is_partial(typed_partial + total));
static_assert(is_none<attempt_info>(total + typed_total) && is_none<attempt<void>>(typed_total + total));

// The longest and the shortest are partial only if all operands are.
static_assert(is_total(tenax::wait::max_of(total, total)) && is_total(tenax::wait::min_of(total, total)));
static_assert(is_total(tenax::wait::max_of(total, partial)) && is_total(tenax::wait::min_of(total, partial)));
static_assert(is_total(tenax::wait::max_of(partial, total)) && is_total(tenax::wait::min_of(partial, total)));
static_assert(is_partial(tenax::wait::max_of(partial, own_partial)) &&
              is_partial(tenax::wait::min_of(partial, typed_partial)));
static_assert(is_total(tenax::wait::max_of(partial, partial, total)) &&
              is_partial(tenax::wait::max_of(partial, partial, partial)));
static_assert(is_total(tenax::wait::max_of(own_total)) && is_partial(tenax::wait::min_of(own_partial)));
static_assert(is_none<attempt<void>>(tenax::wait::max_of(total, typed_total)));

// A condition makes a strategy partial; first_of is total as soon as one of its strategies is.
static_assert(is_partial(tenax::wait::only_if(tenax::when::always, total)) &&
              is_partial(tenax::wait::only_if(tenax::when::always, partial)));
static_assert(is_none<attempt<void>>(tenax::wait::only_if(tenax::when::result_is(1), total)));
static_assert(is_none<attempt<void>>(tenax::wait::only_if(tenax::when::always, typed_total)));
static_assert(is_total(tenax::wait::first_of(partial, total)) && is_total(tenax::wait::first_of(total, partial)));
static_assert(is_partial(tenax::wait::first_of(partial, partial)) && is_partial(tenax::wait::first_of(partial)));
static_assert(is_total(tenax::wait::first_of(partial, tenax::wait::only_if(tenax::when::always, total), own_total)));
static_assert(is_partial(tenax::wait::first_of(partial, tenax::wait::only_if(tenax::when::always, total),
                                               own_partial)));
static_assert(is_total(tenax::wait::first_of(typed_partial, total)) &&
              is_none<attempt<void>>(tenax::wait::first_of(typed_partial, total)));

// A ceiling, a floor and a repetition are partial if their strategy is; a chain is partial if one link is.
static_assert(is_total(tenax::wait::at_most(1s, total)) && is_partial(tenax::wait::at_most(1s, partial)));
static_assert(is_total(tenax::wait::at_least(1s, own_total)) && is_partial(tenax::wait::at_least(1s, own_partial)));
static_assert(is_none<attempt<void>>(tenax::wait::at_most(1s, typed_total)));
static_assert(is_total(tenax::wait::repeat(2, total)) && is_partial(tenax::wait::repeat(2, partial)));
static_assert(is_total(tenax::wait::chain(total, own_total)) && is_total(tenax::wait::chain(total, typed_total)));
static_assert(is_partial(tenax::wait::chain(total, partial)) && is_partial(tenax::wait::chain(partial, total)));
static_assert(is_partial(tenax::wait::chain(tenax::wait::repeat(2, partial), total)) &&
              is_none<attempt<void>>(tenax::wait::chain(total, typed_total)));

// The answer of a total strategy is a plain duration.
template <class W>
using answer = decltype(std::declval<W const&>()(std::declval<attempt_info const&>()));
static_assert(std::is_same_v<answer<decltype(total + own_total)>, duration>);
static_assert(std::is_same_v<answer<decltype(total + partial)>, optional_duration>);
static_assert(std::is_same_v<answer<decltype(tenax::wait::first_of(partial, total))>, duration>);
static_assert(std::is_same_v<answer<decltype(tenax::wait::max_of(partial, total))>, duration>);
static_assert(std::is_same_v<answer<decltype(tenax::wait::at_most(1s, partial))>, optional_duration>);
static_assert(std::is_same_v<answer<decltype(tenax::wait::chain(total, own_total))>, duration>);

// Only strategies that use time make a policy read the clock.
static_assert(!decltype(total + partial)::uses_time && !decltype(tenax::wait::max_of(total, partial))::uses_time);
static_assert(!decltype(tenax::wait::first_of(partial, total))::uses_time &&
              !decltype(tenax::wait::at_most(1s, total))::uses_time);
static_assert(!decltype(tenax::wait::chain(tenax::wait::repeat(2, total), partial))::uses_time);
static_assert(!decltype(tenax::wait::exponential().full())::uses_time &&
              !decltype(tenax::wait::sequence{1s}.equal())::uses_time);
static_assert(decltype(total + own_total)::uses_time && decltype(tenax::wait::only_if(own_partial, total))::uses_time);
static_assert(decltype(tenax::wait::at_least(1s, own_total))::uses_time &&
              decltype(tenax::wait::repeat(2, own_total))::uses_time);

}  // namespace
