// SPDX-License-Identifier: MIT
// shared/lease_script.hpp: the script that keeps a shared limit in a store, and its arguments and results.
#pragma once

#include <cstddef>
#include <cstdint>

#include <tenax/shared/store.hpp>

namespace tenax::shared {

/// Leases permits, in one call. The key is a hash: field `s` holds the state, a line of integers; fields `m<number>`
/// hold when each machine was last seen. All times are microseconds of the server's clock. A script that returns an
/// error has written nothing.
///
/// State: version, time of the last call, stamp of the limits, generation, end of the pause, machines, number of
/// limits; then for each limit its permits, the microseconds per so many permits, its allowance (permits at the same
/// moment, less one), and the arrival time of the generic cell rate algorithm (ITU-T I.371), with a rest in parts of
/// permits.
inline constexpr script lease_script = std::string_view(R"lua(
local arg = {}
for i = 1, #ARGV do arg[i] = tonumber(ARGV[i]) end
local machine, greeting, wanted, charged, back, generation, pausing, empty, stamp, strict, m =
  arg[1], arg[2], arg[3], arg[4], arg[5], arg[6], arg[7], arg[8], arg[9], arg[10], arg[11]
if redis.replicate_commands then redis.replicate_commands() end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local held = redis.pcall('HGET', KEYS[1], 's')
if type(held) == 'table' and held.err then
  return redis.error_reply('TENAX the key ' .. KEYS[1] .. ' holds something else: ' .. held.err)
end
local s = {}
if held then
  for number in string.gmatch(held, '[^ ]+') do s[#s + 1] = tonumber(number) or 'x' end
  if s[1] ~= 1 or #s < 7 or #s ~= 7 + 5 * s[7] then
    return redis.error_reply('TENAX the key ' .. KEYS[1] .. ' was not written by this version of tenax')
  end
elseif redis.call('HLEN', KEYS[1]) > 0 then
  return redis.error_reply('TENAX the key ' .. KEYS[1] .. ' holds something else: a hash that tenax has not written')
end
local last, newest, age, pause, machines, count =
  s[2] or now, s[3] or 0, s[4] or 0, s[5] or now, s[6] or 0, s[7] or 0
local limits = {}
for i = 1, count do
  local at = 7 + 5 * (i - 1)
  limits[i] = {p = s[at + 1], d = s[at + 2], t = s[at + 3], a = s[at + 4], r = s[at + 5]}
end

-- A clock that was set back moves what it measured.
local lost = 0
if now < last then
  lost = last - now
  pause = pause - lost
  for i = 1, count do limits[i].a = limits[i].a - lost end
end

-- The newest limits hold.
local same = m == count
local asked = {}
for i = 1, m do
  local at = 11 + 3 * (i - 1)
  asked[i] = {p = arg[at + 1], d = arg[at + 2], t = arg[at + 3], a = now, r = 0}
  local old = limits[i]
  if old and (old.p ~= asked[i].p or old.d ~= asked[i].d or old.t ~= asked[i].t) then same = false end
end
if m > 0 and not same then
  if count == 0 then
    limits, count = asked, m
    newest = stamp > 0 and stamp or now
  elseif stamp == 0 and strict == 1 then
    return redis.error_reply('TENAX other machines have other limits under this name')
  elseif stamp == 0 or stamp > newest then
    for i = 1, m do
      local old = limits[i]
      if old and m == count and old.a > now then
        asked[i].a = now + math.floor((old.a - now) * old.p / old.d * asked[i].d / asked[i].p)
      end
    end
    limits, count = asked, m
    newest = stamp > 0 and stamp or math.max(now, newest + 1)
  end
end

local function add(l, n)
  local r = l.r + n * l.d
  local whole = math.floor(r / l.p)
  l.a, l.r = l.a + whole, r - whole * l.p
end
local function tolerance(l) return math.floor(l.t * l.d / l.p) end

if back > 0 and generation == age then
  for i = 1, count do add(limits[i], -back) end
end
if empty == 1 then
  for i = 1, count do
    local l = limits[i]
    local full = now + tolerance(l)
    if l.a < full then l.a, l.r = full, 0 end
  end
end
if charged > 0 then
  for i = 1, count do
    local l = limits[i]
    if l.a < now then l.a, l.r = now, 0 end
    add(l, charged)
  end
end
if pausing < 0 then
  pause = now
  for i = 1, count do limits[i].a = math.min(limits[i].a, now + tolerance(limits[i])) end
  redis.call('PUBLISH', KEYS[1], '0')
elseif pausing > 0 and now + pausing > pause then
  pause = now + pausing
  for i = 1, count do
    local l = limits[i]
    local full = pause + tolerance(l)
    if l.a < full then l.a, l.r = full, 0 end
  end
  redis.call('PUBLISH', KEYS[1], string.format('%.0f', pausing))
end

local first = math.max(now, pause)
for i = 1, count do first = math.max(first, limits[i].a - tolerance(limits[i])) end
if count == 0 then wanted = 0 end
local answer = {now, first - now, wanted, age, newest, math.max(pause - now, 0), 0, lost, count}
local last_use = first
for i = 1, count do
  local l = limits[i]
  if wanted > 0 and l.a < first then l.a, l.r = first, 0 end
  local at = 9 + 5 * (i - 1)
  answer[at + 1], answer[at + 2], answer[at + 3], answer[at + 4], answer[at + 5] = l.p, l.d, l.t, l.a - now, l.r
  if wanted > 0 then add(l, wanted) end
  last_use = math.max(last_use, l.a)
end
if wanted > 0 then age = age + 1 end
answer[4] = age

if greeting == 2 then
  redis.call('HDEL', KEYS[1], 'm' .. string.format('%.0f', machine))
  machines = math.max(machines - 1, 1)
elseif greeting == 1 then
  redis.call('HSET', KEYS[1], 'm' .. string.format('%.0f', machine), string.format('%.0f', now))
  local all = redis.call('HGETALL', KEYS[1])
  machines = 0
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 1) == 'm' then
      local seen = tonumber(all[i + 1]) or 0
      if seen < now - 60000000 or seen > now + 60000000 then
        redis.call('HDEL', KEYS[1], all[i])
      else
        machines = machines + 1
      end
    end
  end
end
answer[7] = machines

local state = {1, now, newest, age, pause, machines, count}
for i = 1, count do
  local l, at = limits[i], 7 + 5 * (i - 1)
  state[at + 1], state[at + 2], state[at + 3], state[at + 4], state[at + 5] = l.p, l.d, l.t, l.a, l.r
end
for i = 1, #state do state[i] = string.format('%.0f', state[i]) end
redis.call('HSET', KEYS[1], 's', table.concat(state, ' '))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((last_use - now) / 1000) + 120000))
return answer
)lua");

namespace detail {

/// The arguments of `lease_script`, in order.
struct lease_question {
  std::int64_t machine = 0;     ///< the number of this machine, at random
  std::int64_t greeting = 0;    ///< 1: count this machine; 2: it leaves
  std::int64_t wanted = 0;      ///< permits to lease
  std::int64_t charged = 0;     ///< permits that were used without a lease
  std::int64_t back = 0;        ///< the last permits of a lease, which were not used
  std::int64_t generation = 0;  ///< of that lease: if there was none after it, they are given back
  std::int64_t pausing = 0;     ///< microseconds to pause for; less than zero: end the pause
  std::int64_t empty = 0;       ///< 1: no burst, because this machine has gone on without the store
  std::int64_t stamp = 0;       ///< when this machine's limits were set; 0: now
  std::int64_t strict = 0;      ///< 1: refuse to change the limits of others
  std::int64_t limits = 0;      ///< followed by permits, microseconds and allowance of each
};
inline constexpr std::size_t question_size = 11;

/// The first results of `lease_script`, in order.
struct lease_answer {
  std::int64_t now = 0;
  std::int64_t first = 0;       ///< from `now` to the first leased permit
  std::int64_t granted = 0;     ///< leased permits
  std::int64_t generation = 0;  ///< of this lease
  std::int64_t stamp = 0;       ///< when the limits that hold were set
  std::int64_t paused = 0;      ///< the rest of the pause
  std::int64_t machines = 0;    ///< machines seen in the last minute
  std::int64_t set_back = 0;    ///< how far the server's clock was set back since the last call
  std::int64_t limits = 0;      ///< followed by permits, microseconds, allowance, arrival from `now`, and rest of each
};
inline constexpr std::size_t answer_size = 9;

}  // namespace detail
}  // namespace tenax::shared
