using Xunit;

namespace Mailbox.Browser.Tests.Client;

/// <summary>Strategies with one request that waits, and the one that looks for a way by itself.</summary>
public sealed class ParkedStrategyTests(Chromium chromium, ITestOutputHelper output) : HostileNetwork(chromium, output)
{
    [Theory]
    [InlineData("long-poll", 14)]
    [InlineData("slow-and-fast", 15)]
    [InlineData("auto", 19)]
    public Task A_thousand_messages_come_once_and_in_order_over_a_hostile_network(string transport, int seed) => ComeOnceAndInOrderAsync(transport, seed);
}
