# Installs nova-lockstatus beside nova-api, and runs its watch.
#
# @param ensure
#   The version of the package, latest, present or absent.
# @param provider
#   The provider of the package: pip3, or undef for a package that you built
#   for the distribution.
# @param install_options
#   Options of the provider. Where the distribution protects its Python, pip
#   needs --break-system-packages.
# @param watch
#   Whether nova-lockstatus-watch runs on this host.
# @param bin
#   The folder of the package's programs.
class profile::nova_lockstatus (
  String[1] $ensure = present,
  Optional[String[1]] $provider = 'pip3',
  Array[String[1]] $install_options = [],
  Boolean $watch = false,
  Stdlib::Absolutepath $bin = '/usr/local/bin',
) {
  include nova::deps

  # With this tag it is there before api-paste.ini names the filter.
  package { 'nova-lockstatus':
    ensure          => $ensure,
    provider        => $provider,
    install_options => $install_options,
    tag             => ['openstack', 'nova-support-package'],
  }

  # nova-api runs in one of these, as nova::api::service_name says.
  Package['nova-lockstatus'] ~> Service<| title == 'httpd' |>
  Package['nova-lockstatus'] ~> Service<| title == 'nova-api' |>

  if $watch {
    file { '/etc/systemd/system/nova-lockstatus-watch.service':
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => @("UNIT"/$),
        [Unit]
        Description=nova-lockstatus watch
        After=network-online.target
        Wants=network-online.target

        [Service]
        User=nova
        ExecStart=${bin}/nova-lockstatus-watch \
            --config-file /etc/nova/nova.conf
        ExecReload=/bin/kill -HUP \$MAINPID
        Restart=on-failure
        KillMode=mixed

        [Install]
        WantedBy=multi-user.target
        | UNIT
    }

    exec { 'nova-lockstatus-db-sync':
      command     => "${bin}/nova-lockstatus db sync",
      user        => 'nova',
      refreshonly => true,
      tries       => 3,
      try_sleep   => 10,
      subscribe   => [
        Package['nova-lockstatus'],
        Anchor['nova::config::end'],
      ],
      before      => Anchor['nova::service::begin'],
    }

    # The tag restarts it after each change of nova.conf.
    service { 'nova-lockstatus-watch':
      ensure    => running,
      enable    => true,
      tag       => 'nova-service',
      subscribe => [
        Package['nova-lockstatus'],
        File['/etc/systemd/system/nova-lockstatus-watch.service'],
        Exec['nova-lockstatus-db-sync'],
      ],
    }
  }
}
