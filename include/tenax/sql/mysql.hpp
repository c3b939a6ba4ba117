// SPDX-License-Identifier: MIT
// sql/mysql.hpp: the error numbers of MySQL and MariaDB, without their headers.
#pragma once

#include <tenax/sql/sqlstate.hpp>

namespace tenax::sql {

/// Classifies an error number of MySQL or MariaDB, of the server or of the client library: `mysql_errno(handle)`.
///
/// 1213 (deadlock) rolls the whole transaction back. 1205 (a lock was not granted in time) rolls back one statement
/// only: the transaction is still open and has its locks, so it must be rolled back before it is run again.
[[nodiscard]] constexpr error mysql_error(unsigned number) noexcept {
  error e{.code = static_cast<int>(number)};
  switch (number) {
    case 1213:  // ER_LOCK_DEADLOCK
    case 1020:  // ER_CHECKREAD: the row has changed since it was read (MariaDB, snapshot isolation)
    case 1047:  // WSREP: the node of the cluster has not yet joined
    case 1614:  // ER_XA_RBDEADLOCK
    case 3101:  // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: another node of the group has changed the same rows
      e.what = number == 1047 ? condition::server_unavailable : condition::conflict;
      break;
    case 1205:  // ER_LOCK_WAIT_TIMEOUT
    case 1613:  // ER_XA_RBTIMEOUT
    case 3572:  // ER_LOCK_NOWAIT
      e.what = condition::lock_timeout;
      break;
    case 1040:  // ER_CON_COUNT_ERROR
    case 1203:  // ER_TOO_MANY_USER_CONNECTIONS
      e.what = condition::too_many_connections;
      break;
    case 1053:  // ER_SERVER_SHUTDOWN
    case 1077:  // ER_NORMAL_SHUTDOWN
    case 1079:  // ER_SHUTDOWN_COMPLETE
    case 3168:  // ER_SERVER_ISNT_AVAILABLE
    case 1836:  // ER_READ_ONLY_MODE: the server was demoted
      e.what = condition::server_unavailable;
      break;
    case 1152:  // ER_ABORTING_CONNECTION
    case 1158:  // ER_NET_READ_ERROR and the like
    case 1159:
    case 1160:
    case 1161:
    case 1184:
    case 1927:  // ER_CONNECTION_KILLED
    case 2002:  // CR_CONNECTION_ERROR
    case 2003:  // CR_CONN_HOST_ERROR
    case 2006:  // CR_SERVER_GONE_ERROR
    case 2012:  // CR_SERVER_HANDSHAKE_ERR
    case 2013:  // CR_SERVER_LOST
    case 2026:  // CR_SSL_CONNECTION_ERROR
    case 2055:  // CR_SERVER_LOST_EXTENDED
    case 4031:  // ER_CLIENT_INTERACTION_TIMEOUT: MySQL has closed an idle connection. MariaDB: a trigger is missing
      e.what = condition::connection_lost;
      break;
    default: break;
  }
  return e;
}

}  // namespace tenax::sql
