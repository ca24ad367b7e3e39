# shellcheck shell=bash
# DevStack's plugin nova-lockstatus. DevStack sources this file with a mode and
# a phase, and defines the functions and variables that are used here.

NOVA_LOCKSTATUS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The watch runs beside nova-api only: elsewhere it has no database.
function is_lockstatus_watch_here {
    is_service_enabled n-api && is_service_enabled lockstatus-watch
}

function install_lockstatus {
    setup_develop "$NOVA_LOCKSTATUS_DIR"
}

function configure_lockstatus {
    "$NOVA_BIN_DIR/nova-lockstatus" enable \
        --api-paste "$NOVA_API_PASTE_INI" --yes
}

function init_lockstatus_watch {
    local url
    recreate_database "$NOVA_LOCKSTATUS_DATABASE"
    url=$(database_connection_url "$NOVA_LOCKSTATUS_DATABASE")
    iniset "$NOVA_CONF" lockstatus connection "$url"
    "$NOVA_BIN_DIR/nova-lockstatus" db sync --config-file "$NOVA_CONF"
}

function start_lockstatus_watch {
    run_process lockstatus-watch \
        "$NOVA_BIN_DIR/nova-lockstatus-watch --config-file $NOVA_CONF"
}

function stop_lockstatus_watch {
    stop_process lockstatus-watch
}

# nova-api does not start when its file names a filter that is not installed.
function cleanup_lockstatus {
    if [[ -x "$NOVA_BIN_DIR/nova-lockstatus" && -f "$NOVA_API_PASTE_INI" ]]
    then
        "$NOVA_BIN_DIR/nova-lockstatus" disable \
            --api-paste "$NOVA_API_PASTE_INI" --yes
    fi
    rm -f "$NOVA_API_PASTE_INI".bak-lockstatus-{enable,disable}
}

case "$1 $2" in
    "stack install")
        if is_service_enabled n-api; then
            echo_summary "Installing nova-lockstatus"
            install_lockstatus
        fi
        ;;
    "stack post-config")
        if is_service_enabled n-api; then
            echo_summary "Configuring nova-lockstatus"
            configure_lockstatus
        fi
        if is_lockstatus_watch_here; then
            init_lockstatus_watch
        fi
        ;;
    "stack extra")
        if is_lockstatus_watch_here; then
            echo_summary "Starting nova-lockstatus-watch"
            start_lockstatus_watch
        fi
        ;;
    "unstack ")
        if is_lockstatus_watch_here; then
            stop_lockstatus_watch
        fi
        ;;
    "clean ")
        if is_service_enabled n-api; then
            cleanup_lockstatus
        fi
        ;;
esac
