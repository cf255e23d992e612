using Mailbox.Engine;

namespace Mailbox.Gateway.Tests;

/// <summary>Takes what clients say to the backend.</summary>
static class Taker
{
    public static readonly MailboxName Mailbox = MailboxUplinks.TakerNamed("test");

    public static async Task JoinAsync(GatewayHost host) => await host.Grid.ChangeMembersAsync(MailboxUplinks.Group, [Mailbox], []);

    /// <summary>All that was taken, in order.</summary>
    public static async Task<List<UplinkLetter>> ReadAsync(GatewayHost host)
    {
        var opened = await host.Grid.OpenAsync(Mailbox, new() { From = StartFrom.Oldest, WindowMessages = 1000, WindowBytes = 1 << 30 }, null);
        var taken = new List<Received>();
        while (opened.Reader!.TryRead(taken) is ReadStatus.Read or ReadStatus.Cold) await opened.Reader.LoadAsync();
        opened.Reader.Close();
        return [.. taken.Where(one => one.Message is not null).Select(one => UplinkLetter.Read(one.Message!))];
    }
}
