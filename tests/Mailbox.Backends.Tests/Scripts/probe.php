<?php
switch ($_GET['do'] ?? '') {
    case 'echo': // The body as it came.
        header('Content-Type: application/octet-stream');
        readfile('php://input');
        break;
    case 'slow':
        usleep(50000);
        echo getmypid();
        break;
    case 'stay': // Says something, and goes on until it is ended.
        while (ob_get_level()) ob_end_flush();
        register_shutdown_function(fn() => file_put_contents(__DIR__ . '/left', 'yes'));
        echo getmypid(), "\n";
        while (true) {
            flush();
            usleep(20000);
            echo '.';
        }
    case 'letters': // Two letters, half of a third, and no end. The second says who can be killed.
        header('Content-Type: application/x-multiplex; boundary=b');
        while (ob_get_level()) ob_end_flush();
        foreach (['one', getmypid()] as $words) echo "--b\r\nMailbox: reader\r\n\r\n$words\r\n";
        echo "--b\r\nMailbox: reader\r\n\r\nhal";
        flush();
        sleep(60);
        break;
    case 'fail':
        error_log('noted');
        http_response_code(404);
        setcookie('a', '1');
        setcookie('b', '2');
        echo 'none';
        break;
    default:
        header('Content-Type: application/json');
        echo json_encode(array_intersect_key($_SERVER, array_flip(['SCRIPT_NAME', 'PATH_INFO', 'REQUEST_URI', 'QUERY_STRING', 'PHP_SELF'])));
}
