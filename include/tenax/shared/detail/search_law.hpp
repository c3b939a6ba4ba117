// SPDX-License-Identifier: MIT
// shared/detail/search_law.hpp: the law by which a store's script searches for a rate: a part of `adaptive_script`.
#pragma once

namespace tenax::shared::detail {

/// Functions of the state `s`. `accept` and `refuse` get what a machine reports. They are `rate_bracket`,
/// `probe_schedule`, `throttle_pause` and `blackout` of `tenax::adaptive_rate_limiter`, with their constants.
inline constexpr char search_law[] = R"lua(-- How many permits are leased for later than `t`.
local function later_than(t) return max(ceil((s.a - t) * 1000 / s.d) - 1, 0) end
-- How many of the permits since the last refusal were for times before `t`, without one of them.
local function sent_until(t)
  if t >= s.begun_v or s.d_p == 0 then return s.sent - min(later_than(t), s.sent_v) - 1 end
  return s.sent - s.sent_v - ceil(max(s.turned - t, 0) * 1000 / s.d_p) - 1
end
-- A rate that the other side demonstrably allowed until `t`: what was sent then, and nothing in the pause after it.
local function demonstrated(t, pause)
  local function over(k, from) return k / (max(t - from, 0) / 1e6 + pause + 1e-6) end
  local k = sent_until(t)
  if s.phase == START then k = max(k, s.all) end
  return max(1 / 3600, over(k, s.begun), over(k + s.sent_p, s.begun_p), over(k - (s.sent - s.sent_v), s.begun_v))
end
local function at_ceiling() return s.ceiling > 0 and s.low >= s.ceiling end
local function burst_of(accepted, explained) return min(64, 1 + accepted * (1 - explained)) end
local function confirmed()
  local excess = s.rate / s.low - 1
  return s.ok >= max(12, min(512, excess > 0 and s.burst * (1 + 1 / excess) or 512))
end
local function continue_search()
  local found = s.high <= s.low * 1.03
  s.phase = found and STEADY or SEARCH
  set_rate(found and s.low or min(sqrt(s.low * s.high), s.low * (1 + s.up)))
end
local function return_to_low()
  s.high, s.phase = s.low, STEADY
  set_rate(s.low)
end
local function next_step()
  s.step = s.step + 1
  if s.step <= 5 and not at_ceiling() then return set_rate(s.low * (1 + 0.01 * (2 ^ (s.step + 1) - 1))) end
  s.high, s.failed, s.phase = 0, 0, at_ceiling() and STEADY or START
  set_rate(at_ceiling() and s.low or s.low * 2)
end
local function in_vain() s.failed = min(s.failed + 1, 6) end

-- Requests were accepted at the present rate.
local function accepted(k)
  s.ok = s.ok + k
  if s.phase == START then
    if s.ok < 4 then return end
    s.low = s.rate
    if at_ceiling() then s.phase = STEADY end
    return set_rate(s.rate * 2)
  elseif s.phase == STEADY then
    local quiet = (now - s.refused) / 1e6
    if s.ok >= 32 then s.wrong = 0 end
    if s.low * 1.1 <= s.held or s.low >= s.held * 1.1 then s.held, s.since = s.low, now end
    if s.lost < s.low * 1.1 or now - s.lost_at > 6e8 then s.lost = 0 end
    if s.lost > 0 and quiet > 45 and quiet > 6 * s.cost then
      s.step, s.phase = COMES_BACK, PROBE
      return set_rate(s.lost)
    elseif s.high > s.low * 1.06 and s.ok >= 16 then
      return continue_search()
    end
    local enough = s.ok >= 64 * 2 ^ min(s.failed, 4) or (s.ok >= 128 and quiet > 60 * 2 ^ s.failed)
    if enough and quiet > 6 * 2 ^ min(s.failed, 3) * s.cost then
      s.step, s.phase = 0, PROBE
      next_step()
    end
  elseif confirmed() then
    s.low = s.rate
    if s.phase == SEARCH then
      s.assumed, s.up = 0, 1e9
      continue_search()
    elseif s.step == COMES_BACK then
      s.failed = 0
      return_to_low()
    else
      next_step()
    end
  end
end

-- Requests were accepted: `ok` at the present rate, `before` at others.
local function accept()
  s.taken = s.taken + ok + before
  if version < s.generation or version > s.version then return end
  if version ~= s.version then ok = 0 end
  s.debt = min(s.debt + unused, 64)
  s.all, s.fresh, s.hold = s.all + ok + before, 0, 0
  if s.gap > 0 then s.gap, changed = 0, true end
  local row, at = s.row, now - s.trip
  s.row = 0
  if row >= 3 and at > s.cycle then
    -- Refusals without a wait were a blackout: its length says what the limit is in the long term.
    local taken, blackout = s.taken, (at - s.from) / 1e6
    local r, most = taken * 1e6 / (at - s.cycle), taken * 1e6 / max(s.till - s.cycle, 1)
    s.cycle, s.taken, s.cost = at, 0, max(s.cost, blackout)
    if r >= s.rate or taken < 16 or 30 * blackout < taken / r - taken / s.rate then return end
    s.burst, s.low, s.high, s.up = burst_of(taken, r / s.rate), r, min(s.rate, 1.25 * r, 1.03 * most), 1e9
    return continue_search()
  end
  -- Those that did not follow the one before them as fast as the rate allows say nothing about the rate.
  local paid = min(ok, s.debt)
  s.debt = s.debt - paid
  if ok > paid then accepted(ok - paid) end
end

local function refused_in_steady(allowed)
  local price = 50 * (1 + s.cost * s.rate)
  if s.ok >= price then
    s.ok = s.ok - price
    return
  end
  s.wrong = s.wrong + 1
  local less = min(0.5, max(0.01, 1 / (s.ok + 1)) * 2 ^ min(s.wrong - 1, 10))
  s.high, s.low = s.rate, max(s.rate / 2, min(s.rate * (1 - less), allowed))
  if s.wrong > 2 then s.failed = 0 else in_vain() end
  if s.lost == 0 and s.refused - s.since >= 6e7 then s.lost, s.lost_at = s.rate, s.refused end
  set_rate(s.low)
end

-- From the end of one pause to the end of the next, the server accepts its limit.
local function learn_from_cycle(cycle)
  local found, sent = max(s.all, 1) / cycle, max(s.all, sent_until(now - took))
  local most = cycle > 2 and (sent + 1) / (cycle - 1) or 1e9
  if s.assumed == 1 and 2 * found < s.low then s.low = found end
  if s.ok < 8 then return end
  s.high = min(s.high, most)
  -- A long window had room for all requests that confirmed the lower end.
  if 2 * most < s.low then s.low = found end
end

local function refuse()
  local told = wait >= 0 and cut == 0
  s.trip = s.trip == 0 and took or s.trip + (took - s.trip) / 8
  if wait >= 0 then extend(now + wait + s.padding) end
  if of < s.generation or of > s.version then return end
  if wait < 0 then
    s.hold = s.hold == 0 and max(s.trip, s.d / 1000) or s.hold < 4e6 and 2 * s.hold or 1.25 * s.hold
    s.hold = min(ceil(s.hold), 3e8, longest)
    extend(now + s.hold)
  end
  if not told then
    if s.row == 0 then s.from = now end
    s.row, s.till = s.row + 1, now
  end
  refused, changed = true, true
  local pause = (told or wait < 0) and max(s.pause - now, 0) / 1e6 or 0
  local cycle = (now - took - s.begun - s.idle) / 1e6 + pause
  s.cost = s.cost < pause and pause or s.cost * 0.75 + pause * 0.25
  s.refused, s.idle = now, 0
  if s.fresh == 1 then
    -- Nothing was accepted after the last pause: it was too short, which says nothing about the rate.
    if told and s.gap == 0 and s.padding < 1e6 then
      s.padding = s.padding + 5e5
      s.pause = s.pause + 5e5
    end
    s.ok = 0
  else
    local allowed = demonstrated(now - took, pause)
    if s.phase == START then
      s.high, s.low = s.rate, s.rate / 4
      if s.all > 0 then s.low = min(s.rate / 2, allowed) end
      s.burst, s.assumed = burst_of(s.all, s.low / (s.high / 2)), 1
      s.up = told and 3 / (s.all + 1) or 1e9
      continue_search()
    elseif s.phase == SEARCH then
      s.high = s.rate
      if told and cycle > 0 then learn_from_cycle(cycle) end
      continue_search()
    elseif s.phase == STEADY then
      refused_in_steady(allowed)
    elseif s.step == COMES_BACK then
      return_to_low()
    else
      local r = s.step > 1 and s.rate or s.low
      in_vain()
      return_to_low()
      s.high = r
    end
    s.all = 0
  end
  s.fresh = 1
  -- After a pause that was cut or guessed, one request asks, and the others wait for its answer.
  s.gap = wait < 0 and s.trip or cut == 1 and max(4 * took, 1e6) or 0
end

)lua";

}  // namespace tenax::shared::detail
