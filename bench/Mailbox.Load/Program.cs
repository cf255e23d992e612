using System.Text.Json;
using Mailbox.Load;

if (args.Length == 0)
{
    Console.Error.WriteLine("Mailbox.Load hold|fanout|publish|reopen --target 127.0.0.1:PORT [options]; see bench/README.md");
    return 2;
}
var options = LoadOptions.Parse(args);
using var client = new Client(options);
var report = await (options.Mode switch
{
    "hold" => HoldRun.RunAsync(options, client),
    "fanout" => FanOutRun.RunAsync(options, client),
    "publish" => PublishRun.RunAsync(options, client),
    "reopen" => ReopenRun.RunAsync(options, client),
    _ => throw new ArgumentException($"{options.Mode}: unknown"),
});
Console.WriteLine(JsonSerializer.Serialize(report));
return 0;
