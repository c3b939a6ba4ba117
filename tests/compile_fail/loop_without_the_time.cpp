// expect: tenax: this policy looks at time (a deadline, a gate, an observer): pass the time to retry_loop, start_attempt and finish_attempt, as in loop.start_attempt(now())
#include <tenax/tenax.hpp>

int main() {
  constexpr auto policy = tenax::retrying{}.stop(tenax::stop::deadline(std::chrono::seconds(3)));
#ifdef CORRECTED
  tenax::retry_loop loop{policy.policy(), tenax::time_point()};
#else
  tenax::retry_loop loop{policy.policy()};
#endif
  return loop.attempts() == 0 ? 0 : 1;
}
