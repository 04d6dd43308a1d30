# To be sourced by tests: start a server of Debian's on a free port of the
# loopback interface, in the test's own directory, and stop it at the end.
#
#   start_nginx DIRECTORY    serves the files below it; below /slow/ at a byte a
#                            second; /moved is a redirect to /new.txt, /loop to
#                            itself. Sets port.
#   start_redis              Sets port.
#   start_postgres           Sets conninfo.

server=
postgres=
trap stop_servers EXIT

stop_servers() {
  [ -z "$server" ] || kill "$server" 2>/dev/null
  [ -z "$postgres" ] || stop_postgres
  wait
}

# need PROGRAM PACKAGE: the test fails if it is not there. ./dev installs it.
need() {
  PATH=$PATH:/usr/sbin
  command -v "$1" >/dev/null && return
  echo "FAIL: there is no $1 here: apt-get install $2"
  exit 1
}

# start_on_free_port COMMAND...: COMMAND takes the port as its last argument. A
# server that finds its port taken ends, and another one is tried.
start_on_free_port() {
  for _ in {1..50}; do
    # Below those that the kernel gives to clients.
    port=$((10000 + RANDOM % 20000))
    # Taken, by another test's server?
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    "$@" "$port" >"$TEST_TMPDIR/server.log" 2>&1 &
    server=$!
    while kill -0 "$server" 2>/dev/null; do
      answers "$port" && return
      sleep 0.02
    done
    server=
  done
  echo "FAIL: $1 does not start:"
  cat "$TEST_TMPDIR/server.log"
  exit 1
}

# answers PORT: is anybody there, and is it our server?
answers() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && kill -0 "$server" 2>/dev/null
}

# exec_nginx: with what is in the server block, on standard input. In one
# process, so that there is one to stop, with the rights of this user. (In
# Bazel's sandbox, root may not give files away.)
exec_nginx() {
  cat >"$TEST_TMPDIR/nginx.conf" <<END
daemon off;
master_process off;
$([ "$(id -u)" -ne 0 ] || echo 'user root;')
pid $TEST_TMPDIR/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path $TEST_TMPDIR/nginx.body;
  proxy_temp_path $TEST_TMPDIR/nginx.proxy;
  fastcgi_temp_path $TEST_TMPDIR/nginx.fastcgi;
  uwsgi_temp_path $TEST_TMPDIR/nginx.uwsgi;
  scgi_temp_path $TEST_TMPDIR/nginx.scgi;
  server {
$(cat)
  }
}
END
  exec nginx -p "$TEST_TMPDIR" -c "$TEST_TMPDIR/nginx.conf"
}

run_nginx() {
  exec_nginx <<END
    listen 127.0.0.1:$2;
    root $1;
    location /moved { return 302 /new.txt; }
    location /loop { return 302 /loop; }
    location /hurry/ { keepalive_timeout 0; alias $1/; }
    location /slow/ { limit_rate 1; alias $1/; }
    location /ssi/ { ssi on; ssi_types *; alias $1/; }
END
}

start_nginx() {
  need nginx nginx-light
  start_on_free_port run_nginx "$(cd "$1" && pwd)"
}

run_redis() {
  exec redis-server --bind 127.0.0.1 --port "$1" --dir "$TEST_TMPDIR" \
    --save '' --appendonly no --daemonize no
}

start_redis() {
  need redis-server redis-server
  start_on_free_port run_redis
}

# in_postgres PROGRAM ARGUMENT...: as the user whose the server is, which cannot
# be root.
in_postgres() {
  local as_user=()
  [ "$(id -u)" -ne 0 ] || as_user=(setpriv --reuid nobody --clear-groups)
  (cd / && PGDATA=$postgres/data "${as_user[@]}" \
    "/usr/lib/postgresql/15/bin/$1" "${@:2}" >"$TEST_TMPDIR/postgres.log" 2>&1)
}

start_postgres() {
  # Short: the path of a Unix-domain socket has 107 bytes.
  postgres=$(mktemp -d /tmp/creche_pg_XXXXXX)
  [ "$(id -u)" -ne 0 ] || chown nobody "$postgres"
  conninfo="host=$postgres user=test dbname=postgres"
  in_postgres initdb -U test -A trust -N --no-locale -E UTF8 &&
    in_postgres pg_ctl start -w -l "$postgres/log" \
      -o "-c listen_addresses='' -c fsync=off -k $postgres" && return
  echo "FAIL: there is no PostgreSQL here: apt-get install postgresql-15"
  exit 1
}

stop_postgres() {
  in_postgres pg_ctl stop -m immediate
  rm -rf "$postgres"
}

# expect REGEX FILE: a line of FILE matches.
failed=0
expect() {
  grep -qE -- "$1" "$2" && return
  echo "FAIL: no line matches $1 in:"
  cat "$2"
  failed=1
}
