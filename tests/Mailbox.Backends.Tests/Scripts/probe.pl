# A FastCGI program by another implementation of the protocol (libfcgi): perl probe.pl PORT
use strict;
use warnings;
use FCGI;

my $socket = FCGI::OpenSocket("127.0.0.1:$ARGV[0]", 16);
my %env;
my $request = FCGI::Request(\*STDIN, \*STDOUT, \*STDERR, \%env, $socket);

while ($request->Accept() >= 0) {
    if ($env{REQUEST_METHOD} eq 'POST') {
        read(STDIN, my $words, $env{CONTENT_LENGTH});
        print "Content-Type: application/x-multiplex; boundary=b\r\n\r\n--b\r\nMailbox: reader\r\n\r\n$words\r\n--b\r\n\r\nposted\r\n--b--\r\n";
    } else {
        print STDERR "noted\n";
        print "Status: 404 Not Found\nContent-Type: text/plain\n\n$env{PATH_INFO} $env{QUERY_STRING} $$";
    }
}
