using System.Text;
using Mailbox.Engine;
using Mailbox.Storage;
using Mailbox.Storage.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Placement;
using Orleans.TestingHost;

namespace Mailbox.Grains.Tests.Shared;

/// <summary>A grid in this process: silos that share a database, each with mailboxes of its own.</summary>
sealed class SharedGrid : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly InProcessTestCluster _cluster;

    SharedGrid(InProcessTestCluster cluster) => _cluster = cluster;

    public static GroupName Room { get; } = GroupName.Parse("room");

    public IServiceProvider One => _cluster.Silos[0].ServiceProvider;

    public IServiceProvider Two => _cluster.Silos[1].ServiceProvider;

    public IMailboxGrid Mailboxes => One.GetRequiredService<IMailboxGrid>();

    public IGroupLedger Ledger => One.GetRequiredService<IGroupLedger>();

    /// <summary>As a backend of its own has it.</summary>
    public MailboxGridClient Client => One.GetRequiredService<MailboxGridClient>();

    public IGrainFactory Grains => One.GetRequiredService<IGrainFactory>();

    /// <param name="database">Its owner is replaced by each silo's.</param>
    /// <param name="filter">Of the calls that come to every silo.</param>
    public static async Task<SharedGrid> StartAsync(PostgresOptions database, IIncomingGrainCallFilter? filter = null)
    {
        var builder = new InProcessTestClusterBuilder(2);
        (builder.Options.InitializeClientOnDeploy, builder.Options.ConfigureFileLogging) = (false, false);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.ConfigureLogging(static logging => logging.ClearProviders());
            silo.Services.AddPostgresMailboxes(provider => database with { Owner = SiloOwner.NameOf(provider) });
            if (filter is not null) silo.AddIncomingGrainCallFilter(filter);
            silo.AddMailboxGrains(ownsAll: false).UseMailboxGrid();
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster);
    }

    public static MailboxName[] Names(string names) => [.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(MailboxName.Parse)];

    public async Task Join(string members) => Assert.Equal(Outcome.Stored, (await Mailboxes.ChangeMembersAsync(Room, Names(members), [])).Outcome);

    public ValueTask<SendResult> Send(string text, string? key = null, string except = "") =>
        Mailboxes.SendAsync(Room, MessageDraft.FromText(text) with { IdempotencyKey = key }, Names(except));

    /// <summary>A send of a process that dies before it goes on.</summary>
    public async Task<OpenSend> BeginOnly(string text)
    {
        var now = One.GetRequiredService<MailboxEngine>().Clock.Now;
        var message = Acceptance.Accept(MessageDraft.FromText(text), Room, now, new());
        return (await Ledger.BeginAsync(Room, await Ledger.TakeAsync(Room), new(message, null, [], [], []))).Send!;
    }

    public async Task<string?> OwnerOf(string mailbox)
    {
        var store = One.GetRequiredService<PostgresStore>();
        await using var command = store.Source.CreateCommand("SELECT owner FROM mailboxes WHERE name = $1");
        command.Parameters.Add(new() { Value = mailbox });
        return await command.ExecuteScalarAsync() as string;
    }

    public Task<DeliverResult> Deliver(string mailbox, string text) =>
        Mailboxes.DeliverAsync(MailboxName.Parse(mailbox), MessageDraft.FromText(text)).AsTask();

    /// <summary>To a mailbox that no silo has yet: this one takes it.</summary>
    public Task<DeliverResult> DeliverAt(IServiceProvider silo, string mailbox, string text)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo.GetRequiredService<ILocalSiloDetails>().SiloAddress);
        try
        {
            return Deliver(mailbox, text);
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }

    public async Task<string> Peek(string mailbox)
    {
        var request = new ReadRequest(new() { From = StartFrom.Oldest, WindowMessages = 1000 }, TimeSpan.Zero);
        var answer = new ReadAnswer(OpenOutcome.Unavailable);
        // One that has just lost its mailbox asks to be called again.
        await Until(async () =>
        {
            answer = await Grains.GetGrain<IMailboxGrain>(mailbox).Read(request, CancellationToken.None);
            return answer.Outcome == OpenOutcome.Opened;
        });
        return string.Join(' ', answer.Items.Select(static item => item.Message is { } message ? Encoding.UTF8.GetString(message.Body.Span) : "gap"));
    }

    public Task KillTwo() => _cluster.KillSiloAsync(_cluster.Silos[1]);

    public static async Task Until(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (!await condition())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }

    public ValueTask DisposeAsync() => _cluster.EndAsync();
}
