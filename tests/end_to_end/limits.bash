# SPDX-License-Identifier: MIT
# limits.bash: an nginx with several limits, and a program that searches for each of them. To be sourced after
# servers.bash. `limits` are RATE:THREADS; `burst` is the number of requests admitted immediately after a pause, or 0.

configure_limits() {
  local limit
  nginx_start nginx
  printf '  access_log off;\n  limit_req_status 429;\n'
  for limit in "${limits[@]}"; do
    printf '  limit_req_zone $server_name zone=limit_%s:64k rate=%sr/s;\n' "${limit/:/_}" "${limit%:*}"
  done
  printf '  server {\n    listen 127.0.0.1:%s;\n    server_name localhost;\n' "$1"
  for limit in "${limits[@]}"; do
    printf '    location = /%s { limit_req zone=limit_%s%s; try_files /item =404; root %s; }\n' \
      "$limit" "${limit/:/_}" "$([ "$burst" -eq 0 ] || printf ' burst=%s nodelay' "$burst")" "$PWD"
  done
  printf '  }\n}\n'
  echo 'an item' >item
}

# ask_all START SECONDS: runs a program for each limit, until all have ended; client_RATE:THREADS.log has their output
ask_all() {
  local limit i pids=()
  for limit in "${limits[@]}"; do
    "$CLIENTS/fetch_adaptive" --url "http://127.0.0.1:$port/$limit" --rate "${limit%:*}" --threads "${limit#*:}" \
      --start "$1" --seconds "$2" >"client_$limit.log" 2>&1 &
    pids+=($!)
  done
  if [ -t 2 ]; then
    for ((i = 1; i <= $1 + $2; ++i)); do
      sleep 1
      printf '%4d of %d s\r' "$i" "$(($1 + $2))" >&2
    done
  fi
  for i in "${!pids[@]}"; do wait "${pids[i]}" || fail "the client of ${limits[i]} ended with $?"; done
}
