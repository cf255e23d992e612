using Xunit;

namespace Mailbox.Browser.Tests.Client;

/// <summary>Strategies that hold one connection.</summary>
public sealed class HeldStrategyTests(Chromium chromium, ITestOutputHelper output) : HostileNetwork(chromium, output)
{
    [Theory]
    [InlineData("websocket", 11)]
    [InlineData("stream", 12)]
    [InlineData("sse", 13)]
    public Task A_thousand_messages_come_once_and_in_order_over_a_hostile_network(string transport, int seed) => ComeOnceAndInOrderAsync(transport, seed);
}
