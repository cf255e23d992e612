using System.Text;
using Xunit;

namespace Mailbox.Storage.Tests;

/// <summary>Two stores know the same, whatever the epochs are. It loads, and so fences off, all their mailboxes.</summary>
static class StoreComparison
{
    public static async Task EqualAsync(IMailboxStore expected, IMailboxStore actual, params string[] groups)
    {
        var names = expected.Names(null, int.MaxValue);
        Assert.Equal(names, actual.Names(null, int.MaxValue));
        Assert.Equal(expected.KeyCount, actual.KeyCount);
        foreach (var group in groups) Assert.Equal(expected.LoadGroup(GroupName.Parse(group)), actual.LoadGroup(GroupName.Parse(group)));
        foreach (var name in names) Assert.Equal(await DescribeAsync(expected, name), await DescribeAsync(actual, name));
    }

    static async Task<string> DescribeAsync(IMailboxStore store, MailboxName name)
    {
        var mailbox = store.Load(name)!;
        var sequences = mailbox.Entries.Select(entry => entry.Sequence).ToArray();
        var messages = new Message?[sequences.Length];
        await store.ReadAsync(mailbox.Handle, sequences, messages);
        return string.Join('\n', [
            $"{name} {mailbox.Marks} {mailbox.Options}",
            .. mailbox.Entries.Select((entry, i) => $"{entry} {messages[i]!.Topic} {Encoding.UTF8.GetString(messages[i]!.Body.Span)}"),
            .. mailbox.Holes.Select(hole => hole.ToString()),
            .. (mailbox.Topics ?? new Dictionary<string, long>()).Select(topic => topic.ToString()).Order(),
            .. mailbox.Groups.Select(group => group.ToString()).Order()]);
    }
}
