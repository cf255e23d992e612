using Xunit;

namespace Mailbox.Browser.Tests.Client;

/// <summary>Strategies whose requests carry both ways, or go round.</summary>
public sealed class FleetStrategyTests(Chromium chromium, ITestOutputHelper output) : HostileNetwork(chromium, output)
{
    [Theory]
    [InlineData("ping-pong", 16)]
    [InlineData("fleet", 17)]
    [InlineData("poll", 18)]
    public Task A_thousand_messages_come_once_and_in_order_over_a_hostile_network(string transport, int seed) => ComeOnceAndInOrderAsync(transport, seed);
}
