// SPDX-License-Identifier: MIT
// lua_store.hpp: runs the scripts of shared limits as they are, in Lua 5.1 as a server does, in virtual time.
#pragma once

#include <lua5.1/lua.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

/// Keys that are hashes, and the commands that the scripts use.
class lua_store {
 public:
  std::map<std::string, std::map<std::string, std::string>> keys{};
  std::int64_t now = 0;                                           ///< microseconds
  std::vector<std::pair<std::string, std::int64_t>> published{};  ///< since the last call
  std::int64_t expiry = 0;                                        ///< the last one that was set, in milliseconds

  lua_store() : lua_(luaL_newstate()) {
    luaL_openlibs(lua_);
    lua_newtable(lua_);
    for (auto const& [name, f] : {std::pair{"call", &lua_store::call}, {"pcall", &lua_store::call}}) {
      lua_pushlightuserdata(lua_, this);
      lua_pushcclosure(lua_, f, 1);
      lua_setfield(lua_, -2, name);
    }
    lua_pushcclosure(lua_, &lua_store::error_reply, 0);
    lua_setfield(lua_, -2, "error_reply");
    lua_setglobal(lua_, "redis");
  }
  lua_store(lua_store const&) = delete;
  ~lua_store() { lua_close(lua_); }

  /// The numbers that the script returns; or none, and why.
  std::vector<std::int64_t> run(std::string_view script, std::string const& key, std::span<std::int64_t const> args,
                                std::string& error) {
    published.clear();
    if (scripts_.count(script.data()) == 0) {
      if (luaL_loadbuffer(lua_, script.data(), script.size(), "script") != 0) return failed(error);
      scripts_[script.data()] = luaL_ref(lua_, LUA_REGISTRYINDEX);
    }
    set_list("KEYS", std::vector{key});
    std::vector<std::string> words;
    for (auto const a : args) words.push_back(std::to_string(a));
    set_list("ARGV", words);
    lua_rawgeti(lua_, LUA_REGISTRYINDEX, scripts_[script.data()]);
    if (lua_pcall(lua_, 0, 1, 0) != 0) return failed(error);
    lua_getfield(lua_, -1, "err");
    if (lua_isstring(lua_, -1)) return failed(error);
    lua_pop(lua_, 1);
    std::vector<std::int64_t> numbers;
    for (int i = 1; i <= static_cast<int>(lua_objlen(lua_, -1)); ++i) {
      lua_rawgeti(lua_, -1, i);
      numbers.push_back(static_cast<std::int64_t>(lua_tonumber(lua_, -1)));
      lua_pop(lua_, 1);
    }
    lua_pop(lua_, 1);
    return numbers;
  }

 private:
  std::vector<std::int64_t> failed(std::string& error) {
    error = lua_tostring(lua_, -1);
    lua_settop(lua_, 0);
    return {};
  }
  void set_list(char const* name, std::vector<std::string> const& words) {
    lua_newtable(lua_);
    for (std::size_t i = 0; i < words.size(); ++i) {
      lua_pushlstring(lua_, words[i].data(), words[i].size());
      lua_rawseti(lua_, -2, static_cast<int>(i) + 1);
    }
    lua_setglobal(lua_, name);
  }

  static int error_reply(lua_State* l) {
    lua_newtable(l);
    lua_pushvalue(l, 1);
    lua_setfield(l, -2, "err");
    return 1;
  }
  static int call(lua_State* l) {
    auto& self = *static_cast<lua_store*>(lua_touserdata(l, lua_upvalueindex(1)));
    std::string const command = lua_tostring(l, 1);
    auto const text = [&](int i) { return std::string(lua_tostring(l, i)); };
    if (command == "TIME") {
      lua_newtable(l);
      int at = 0;
      for (auto const part : {self.now / 1'000'000, self.now % 1'000'000}) {
        lua_pushstring(l, std::to_string(part).c_str());
        lua_rawseti(l, -2, ++at);
      }
      return 1;
    }
    if (command == "PUBLISH") self.published.emplace_back(text(2), std::stoll(text(3)));
    if (command == "PEXPIRE") self.expiry = std::stoll(text(3));
    if (command == "HSET") self.keys[text(2)][text(3)] = text(4);
    if (command == "HDEL") self.keys[text(2)].erase(text(3));
    if (command == "HLEN") return lua_pushinteger(l, static_cast<lua_Integer>(self.keys[text(2)].size())), 1;
    if (command == "HGETALL") {
      lua_newtable(l);
      int at = 0;
      for (auto const& [field, value] : self.keys[text(2)]) {
        lua_pushlstring(l, field.data(), field.size()), lua_rawseti(l, -2, ++at);
        lua_pushlstring(l, value.data(), value.size()), lua_rawseti(l, -2, ++at);
      }
      return 1;
    }
    if (command == "HGET") {
      auto const& hash = self.keys[text(2)];
      auto const found = hash.find(text(3));
      if (found == hash.end()) return lua_pushboolean(l, 0), 1;
      return lua_pushlstring(l, found->second.data(), found->second.size()), 1;
    }
    return lua_pushinteger(l, 1), 1;
  }

  lua_State* lua_;
  std::map<void const*, int> scripts_{};
};

}  // namespace tests
