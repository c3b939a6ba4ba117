# SPDX-License-Identifier: MIT
# throughput.bash: measures which share of an allowed rate a client gets that only retries as the server asks. Run by
# hand:
#
#   bash tests/end_to_end/throughput.bash [seconds of each measurement, 15 by default]
#
# An nginx admits 2 or 50 requests a second, and after a pause one second's worth immediately; it answers 429 with
# `Retry-After: 1` to all others. Clients with one and with four threads send requests as fast as they can. The table
# shows their share of the requests that the server would have admitted; how often they were refused; and how many
# requests came earlier than the server asked, which must be none.
. "$(dirname "$0")/servers.bash"
need "$CLIENTS/fetch_httplib"
nginx=$(find_server nginx nginx-light)
seconds=${1:-15}
begin "$(mktemp -d)/throughput"
mkdir files
echo 'an item' >files/item

configure() {
  nginx_start nginx
  cat <<CONF
  access_log $PWD/access.log seen;
  root $PWD/files;
  limit_req_zone \$server_name zone=all:64k rate=${rate}r/s;
  limit_req_status 429;
  server {
    listen 127.0.0.1:$1;
    server_name localhost;
    location /items/ {
      limit_req zone=all burst=$((rate - 1)) nodelay;
      error_page 429 @later;
      try_files /item =404;
    }
    location @later {
      add_header Retry-After 1 always;
      return 429;
    }
  }
}
CONF
}

printf '%8s %8s %8s %9s %9s %8s %6s %6s\n' rate threads seconds fetched possible share 429s early
for rate in 2 50; do
  start_nginx nginx configure
  for threads in 1 4; do
    sleep 1.1
    : >access.log
    "$CLIENTS/fetch_httplib" --url "http://127.0.0.1:$port" --threads $threads --seconds "$seconds" >client.log 2>&1 ||
      fail "the client ended with $?"
    # Until its last request was answered, which may be after the measured time.
    awk -v rate=$rate -v threads=$threads -v early="$(count_early access.log)" '
      NR == 1 { first = $3 }
      { last = $3 }
      $1 == 200 { ++fetched }
      $1 == 429 { ++refused }
      END {
        possible = rate + rate * (last - first)
        printf "%5d /s %8d %8.1f %9d %9.0f %6.0f %% %6d %6d\n",
          rate, threads, last - first, fetched, possible, 100 * fetched / possible, refused, early
      }' access.log
  done
  stop_server nginx
done
