// SPDX-License-Identifier: MIT
// sql/sqlite.hpp: the result codes of SQLite, without its header.
#pragma once

#include <tenax/sql/sqlstate.hpp>

namespace tenax::sql {

/// Classifies an extended result code of SQLite: `sqlite3_extended_errcode(db)`.
///
/// `SQLITE_BUSY`: another connection has the lock. The statement may be repeated, and a COMMIT leaves the transaction
/// open and may be repeated. `SQLITE_BUSY_SNAPSHOT`: the transaction has read what has since changed; it can never
/// write and must start again. `SQLITE_LOCKED` without a shared cache is a conflict within one connection, which no
/// wait cures.
[[nodiscard]] constexpr error sqlite_error(int extended_code) noexcept {
  error e{.code = extended_code};
  switch (extended_code) {
    case 5:    // SQLITE_BUSY
    case 261:  // SQLITE_BUSY_RECOVERY
    case 773:  // SQLITE_BUSY_TIMEOUT
    case 262:  // SQLITE_LOCKED_SHAREDCACHE
    case 15:   // SQLITE_PROTOCOL: lost a race for a lock of the WAL many times
      e.what = condition::lock_timeout;
      e.keeps_transaction = true;
      break;
    case 517:  // SQLITE_BUSY_SNAPSHOT
      e.what = condition::conflict;
      break;
    default:
      // SQLITE_IOERR, whatever its extension: a COMMIT may have reached the disk.
      if ((extended_code & 0xff) == 10) e.what = condition::in_doubt;
      break;
  }
  return e;
}

}  // namespace tenax::sql
