using Mailbox.Engine;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway.Tests;

/// <summary>Keeps the faults that it is told.</summary>
sealed class CountingLog : ILogger<MailboxEngine>
{
    public List<string> Faults { get; } = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Faults.Add(exception?.Message ?? formatter(state, null));
}
