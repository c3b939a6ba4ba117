// SPDX-License-Identifier: MIT
// shared/adaptive_script.hpp: the script that searches for an unknown limit in a store, for all machines together.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <tenax/shared/detail/search_law.hpp>
#include <tenax/shared/store.hpp>

namespace tenax::shared {
namespace detail {

/// One text of several, with a zero at the end.
template <std::size_t... N>
consteval auto joined(char const (&... parts)[N]) {
  std::array<char, (N + ...) - sizeof...(N) + 1> text{};
  auto* to = text.data();
  ((to = std::copy(parts, parts + N - 1, to)), ...);
  return text;
}

inline constexpr auto adaptive_text = joined(
    R"lua(
local arg = {}
for i = 1, #ARGV do arg[i] = tonumber(ARGV[i]) end
local machine, greeting, wanted, charged, back, lease, pausing = unpack(arg, 1, 7)
local stamp, strict, start = arg[9], arg[10], arg[13]
local known, limit, least, version, ok, before, unused, of, wait, took, cut, said, window, longest =
  unpack(arg, 15, 28)
if redis.replicate_commands then redis.replicate_commands() end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local max, min, floor, ceil, sqrt = math.max, math.min, math.floor, math.ceil, math.sqrt
local function whole(x) return string.format('%.0f', x) end
local changed, refused, made_up = false, false, 0
local START, SEARCH, STEADY, PROBE, COMES_BACK = 0, 1, 2, 3, 1000

local held = redis.pcall('HGET', KEYS[1], 's')
if type(held) == 'table' and held.err then
  return redis.error_reply('TENAX the key ' .. KEYS[1] .. ' holds something else: ' .. held.err)
end
local names, s, n = {}, {}, 0
for name in string.gmatch('kind last stamp age pause machines count p d t a r limit least version generation rate low '
  .. 'high ceiling said phase ok all wrong step burst up assumed refused failed cost held since lost lost_at hold trip '
  .. 'padding fresh idle debt gap cycle taken row from till sent begun sent_v begun_v turned sent_p begun_p '
  .. 'd_p', '[^ ]+') do
  names[#names + 1], s[name] = name, 0
end
if held then
  for number in string.gmatch(held, '[^ ]+') do
    n = n + 1
    if names[n] then s[names[n]] = tonumber(number) end
  end
  if s.kind ~= 2 or n ~= #names then
    return redis.error_reply('TENAX the key ' .. KEYS[1] .. ' was not written by this version of tenax, or is the key '
      .. 'of another kind of limit')
  end
elseif redis.call('HLEN', KEYS[1]) > 0 then
  return redis.error_reply('TENAX the key ' .. KEYS[1] .. ' holds something else: a hash that tenax has not written')
else
  for _, name in ipairs({'last', 'pause', 'a', 'version', 'generation', 'refused', 'begun', 'begun_v', 'begun_p',
    'cycle'}) do
    s[name] = now
  end
  s.kind, s.count, s.p, s.burst, s.up = 2, 1, 1000, 1, 1e9
  s.stamp, s.limit, s.least = stamp > 0 and stamp or now, limit, least
  s.ceiling = limit > 0 and 1e9 / limit or 0
  s.rate = (known == 1 or limit == 0) and 1e9 / start or s.ceiling
  s.low = s.rate
  if known == 1 or limit > 0 then s.phase, s.high = STEADY, s.rate end
  s.d = floor(1e9 / s.rate) + 1
  -- The machines have kept a rate that they know, until now. How much is allowed at once is not known any more, and
  -- may be saved up: it is not taken for a higher rate, and the first refusals are no reason to halve the rate.
  if known == 1 then
    s.begun, s.sent, s.ok, s.burst, s.failed = now - 6e7, floor(60 * s.rate), 16, 64, 4
    s.a, changed = now + floor(s.d / 1000), true
  end
end

-- A clock that was set back moves what it measured.
local lost = max(s.last - now, 0)
if lost > 0 then
  for _, name in ipairs({'pause', 'a', 'refused', 'since', 'lost_at', 'cycle', 'from', 'till', 'begun', 'begun_v',
    'turned', 'begun_p'}) do
    s[name] = s[name] - lost
  end
end

local function extend(t) if t > s.pause then s.pause, changed = t, true end end
local function set_rate(r)
  local lowest = s.least > 0 and 1e9 / s.least or 1 / 3600
  r = max(r, lowest)
  if s.ceiling > 0 then r, lowest = min(r, s.ceiling), min(lowest, s.ceiling) end
  changed = changed or r ~= s.rate
  s.rate, s.low, s.ok, s.debt = r, max(s.low, lowest), 0, 0
end

-- The newest settings hold.
if s.limit ~= limit or s.least ~= least then
  if stamp == 0 and strict == 1 then
    return redis.error_reply('TENAX other machines have other limits under this name')
  elseif stamp == 0 or stamp > s.stamp then
    local other = s.limit ~= limit
    changed = true
    s.limit, s.least, s.stamp = limit, least, stamp > 0 and stamp or max(now, s.stamp + 1)
    if other then
      s.ceiling, s.said, s.wrong, s.failed, s.phase = limit > 0 and 1e9 / limit or 0, 0, 0, 0, STEADY
      if limit > 0 then s.low, s.rate = s.ceiling, s.ceiling end
      s.high = limit > 0 and s.ceiling or 0
    end
    set_rate(s.rate)
  end
end

)lua",
    search_law, R"lua(if back > 0 and lease == s.age then s.a, s.sent = s.a - ceil(back * s.d / 1000), s.sent - back end
if charged > 0 then s.a, s.r = max(s.a, now) + ceil(charged * s.d / 1000), 0 end
if ok + before > 0 then accept() end
if of > 0 then refuse() end
if said > 0 and said ~= s.said then
  local as_said = s.said == 0 or (s.phase == STEADY and at_ceiling())
  s.said, s.ceiling = said, 0.995e9 / said
  if s.limit > 0 then s.ceiling = min(s.ceiling, 1e9 / s.limit) end
  if as_said or s.low > s.ceiling then
    s.low, s.high, s.phase, s.wrong, s.failed = s.ceiling, s.ceiling, STEADY, 0, 0
    set_rate(s.ceiling)
    changed = true
    made_up = min(s.begun + s.sent * 1e6 / s.rate, now + window)
  else
    s.high = s.high > 0 and min(s.high, s.ceiling) or s.ceiling
    if s.rate > s.ceiling then set_rate(s.ceiling) end
  end
end
if pausing < 0 then
  s.pause, s.hold, s.gap, s.fresh, changed = min(s.pause, now), 0, 0, 0, true
elseif pausing > 0 then
  extend(now + pausing)
end

if changed then
  -- Permits for later are void. The next one follows the last one that was used.
  local void = later_than(now)
  local last = s.a - (void + 1) * s.d / 1000
  s.version, s.d_p = max(s.version + 1, now), s.d
  s.d = max(floor(1e9 / s.rate) + 1, s.fresh * ceil(s.gap * 1000))
  s.a, s.r = max(ceil(last + s.d / 1000), floor(made_up)), 0
  s.sent, s.sent_v, s.begun_v, s.turned = s.sent - min(void, s.sent_v), 0, max(now, s.pause), now
  if refused then s.sent_p, s.begun_p, s.generation, s.sent, s.begun = s.sent, s.begun, s.version, 0, s.begun_v end
  redis.call('PUBLISH', KEYS[1], whole(s.version))
end

local first = ceil(max(now, s.pause, s.a))
if s.gap > 0 then wanted = min(wanted, 1) end
if wanted > 0 then
  local idle = first - max(s.pause, s.a)
  if idle * 2000 > s.d then s.debt = min(s.debt + 1, 64) end
  if idle > 1e6 + s.d / 500 then s.idle, s.cycle, s.taken, s.row = s.idle + idle, first, 0, 0 end
  if s.a < first then s.a, s.r = first, 0 end
  s.age, s.sent, s.sent_v = s.age + 1, s.sent + wanted, s.sent_v + wanted
end
local prompt = (s.phase == START or s.fresh == 1 or s.row > 0) and 1 or 0
local answer = {now, first - now, wanted, s.age, s.stamp, max(ceil(s.pause) - now, 0), 0, lost, 1, s.p, s.d, s.t,
  s.a - now, s.r, s.version, s.generation, s.phase, prompt, s.limit, s.least, s.said,
  floor(1e9 / s.rate) + 1}
if wanted > 0 then
  local r = s.r + wanted * s.d
  s.a, s.r = s.a + floor(r / s.p), r % s.p
end

if greeting == 2 then
  redis.call('HDEL', KEYS[1], 'm' .. whole(machine))
  s.machines = max(s.machines - 1, 1)
elseif greeting == 1 then
  redis.call('HSET', KEYS[1], 'm' .. whole(machine), whole(now))
  local all = redis.call('HGETALL', KEYS[1])
  s.machines = 0
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 1) == 'm' then
      local seen = tonumber(all[i + 1]) or 0
      if math.abs(seen - now) > 6e7 then
        redis.call('HDEL', KEYS[1], all[i])
      else
        s.machines = s.machines + 1
      end
    end
  end
end
answer[7], s.last = s.machines, now
local line = {}
for i, name in ipairs(names) do line[i] = string.format('%.17g', s[name]) end
redis.call('HSET', KEYS[1], 's', table.concat(line, ' '))
redis.call('PEXPIRE', KEYS[1], whole(ceil(max(s.a, s.pause) - now) / 1000 + 3600000))
return answer
)lua");

}  // namespace detail

/// Leases permits at a rate that it finds itself, from what all machines report, in one call. The law is that of
/// `tenax::adaptive_rate_limiter`, with the same constants. The key is a hash as that of `lease_script`, and so are the
/// first arguments, results and numbers of its state. Rates are per second, times microseconds of the server's clock,
/// and intervals nanoseconds. A script that returns an error has written nothing.
///
/// Each change of the rate or of a pause has a number, the version. Permits of an older version are void: machines hear
/// the new number as a message, and lease again. Only the first refusal since the last one changes the rate, because
/// refusals of requests that were under way together say the same.
inline constexpr script adaptive_script{
    std::string_view(detail::adaptive_text.data(), detail::adaptive_text.size() - 1),
    "5b6f8ef71f4afe8582195309211f45440f93c1b0"};

}  // namespace tenax::shared
