using System.Text;
using Mailbox.Engine;
using Mailbox.Storage.Journal;

namespace Mailbox.CrashChild;

/// <summary>
/// What the process does to its mailboxes. Messages of this process's group sends are not acknowledged by it, so that whoever looks at its directory
/// finds each of them in every member's mailbox or in none.
/// </summary>
sealed class Load(MailboxEngine engine, Durability level, TextWriter output)
{
    const int Workers = 4;
    const int MostBody = 400;

    public static readonly GroupName Group = GroupName.Parse("all");

    public static readonly IReadOnlyList<MailboxName> Members = Named("member", 4);

    public static readonly IReadOnlyList<MailboxName> Others = Named("other", 3);

    readonly Dictionary<MailboxName, Position> _before = [];

    /// <summary>Segments and snapshots are small, so that a few hundred messages begin many of them.</summary>
    public static Task<MailboxEngine> StartAsync(string directory, Action<string>? notice = null)
    {
        var log = DirectoryLog.Open(new() { Directory = directory, SegmentBytes = 64 << 10, ReserveBytes = 0, Notice = notice });
        var options = new EngineOptions
        {
            MaxMessages = MailboxOptions.MaxMessagesLimit,
            MaintainEvery = TimeSpan.FromMilliseconds(100),
            SnapshotBytes = 32 << 10,
            SnapshotSlice = 2,
        };
        return MailboxEngine.StartAsync(log, options, TimeProvider.System);
    }

    public async Task RunAsync(int seed)
    {
        await engine.ChangeMembersAsync(Group, Members, []);
        foreach (var member in Members) _before.Add(member, (await engine.GetAsync(member))!.Last);
        await output.WriteLineAsync("ready");
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => WorkAsync($"{seed}-{worker}", new(unchecked(seed * Workers + worker))))));
    }

    async Task WorkAsync(string worker, Random random)
    {
        var last = new Dictionary<MailboxName, Position>();
        for (var number = 1; ; number++)
        {
            var draft = new MessageDraft { Body = Encoding.ASCII.GetBytes($"{worker}-{number} {new string('x', random.Next(MostBody))}"), Durability = level };
            var other = Others[random.Next(Others.Count)];
            var member = Members[random.Next(Members.Count)];
            switch (random.Next(8))
            {
                case 0:
                case 1:
                    await SendAsync(draft, $"{worker}-{number}");
                    break;
                case 2:
                    if (last.TryGetValue(other, out var position)) await AcknowledgeAsync(other, position);
                    break;
                case 3:
                    await AcknowledgeAsync(member, _before[member] with { Sequence = random.NextInt64(_before[member].Sequence + 1) });
                    break;
                case 4:
                    await DeliverAsync(member, draft, $"{worker}-{number}");
                    break;
                default:
                    last[other] = await DeliverAsync(other, draft, $"{worker}-{number}");
                    break;
            }
        }
    }

    async Task<Position> DeliverAsync(MailboxName mailbox, MessageDraft draft, string name)
    {
        await output.WriteLineAsync($"deliver {mailbox} {name}");
        var delivered = await engine.DeliverAsync(mailbox, draft);
        await output.WriteLineAsync($"delivered {mailbox} {name} {delivered.Outcome} {delivered.Position}");
        return delivered.Position;
    }

    async Task SendAsync(MessageDraft draft, string name)
    {
        await output.WriteLineAsync($"send {name}");
        var sent = await engine.SendAsync(Group, draft);
        await output.WriteLineAsync($"sent {name} {sent.Outcome} {sent.Stored}");
    }

    async Task AcknowledgeAsync(MailboxName mailbox, Position position)
    {
        await output.WriteLineAsync($"acknowledge {mailbox} {position}");
        var outcome = await engine.AcknowledgeAsync(mailbox, position);
        await output.WriteLineAsync($"acknowledged {mailbox} {position} {outcome}");
    }

    static MailboxName[] Named(string name, int count) => [.. Enumerable.Range(0, count).Select(i => MailboxName.Parse($"{name}-{i}"))];
}
