using Mailbox.Hosting;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddMailboxes();

var app = builder.Build();
app.MapMailboxes();

app.MapGet("/hello/{name}", Embedding.Greeter.GreetAsync);
app.Run();
