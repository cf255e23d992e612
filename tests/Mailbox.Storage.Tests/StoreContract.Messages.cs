using Xunit;
using static Mailbox.Storage.Tests.StoreDriver;

namespace Mailbox.Storage.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_message_comes_back_whole()
    {
        var message = new Message
        {
            ContentType = "application/json; charset=utf-8",
            Body = new byte[] { 0, 1, 255, 13, 10 },
            Type = "job.done",
            Topic = "progress",
            Group = GroupName.Parse("jobs/7"),
            At = Noon.AddTicks(1234567),
            Expires = Noon.AddSeconds(90),
        };
        var ann = Driver.Make("ann");
        Driver.Commit(Append(message, new Target(ann, 1)));

        var read = (await Driver.ReadMessages(ann, 1))[0]!;
        Assert.Equal(message.Body.ToArray(), read.Body.ToArray());
        Assert.Equal(
            (message.ContentType, message.Type, message.Topic, message.Group, message.At, message.Expires),
            (read.ContentType, read.Type, read.Topic, read.Group, read.At, read.Expires));
    }

    [Fact]
    public async Task A_message_without_anything_but_an_empty_body_comes_back_so()
    {
        var ann = Driver.Make("ann");
        Driver.Deliver(ann, 1, "");
        var read = (await Driver.ReadMessages(ann, 1))[0]!;
        Assert.True(read.Body.IsEmpty);
        Assert.Null(read.Type);
        Assert.Null(read.Topic);
        Assert.Null(read.Group);
    }

    [Fact]
    public async Task Messages_large_and_small_are_read_in_any_selection()
    {
        var ann = Driver.Make("ann");
        for (var i = 1; i <= 40; i++) Driver.Deliver(ann, i, new string((char)('a' + i % 26), i % 7 == 0 ? 300_000 : i));

        var read = await Driver.Read(ann, 1, 2, 3, 7, 14, 20, 40, 41);
        Assert.Equal([1, 2, 3, 300_000, 300_000, 20, 40, null], read.Select(body => body?.Length));
        Assert.Equal("uuuuuuuuuuuuuuuuuuuu", read[5]);
    }

    [Fact]
    public void Entries_are_loaded_in_order_with_size_and_end()
    {
        var ann = Driver.Make("ann");
        Driver.Commit(Append(Text("a"), new Target(ann, 1)), Append(Text("bb"), new Target(ann, 2)));

        var end = ExpiryTick.NotBefore(Noon.AddDays(1));
        var loaded = Driver.Load("ann")!;
        Assert.Equal([new(1, 1, end), new(2, 2, end)], loaded.Entries);
        Assert.Equal(2, loaded.Marks.Tail);
    }

    [Fact]
    public async Task Messages_that_were_acknowledged_and_trimmed_are_read_as_null()
    {
        var ann = Driver.Make("ann");
        for (var i = 1; i <= 3; i++) Driver.Deliver(ann, i, $"m{i}");
        Driver.Commit(new Acknowledged(ann, 2, 1));
        Assert.Equal([null, "m2", "m3"], await Driver.Read(ann, 1, 2, 3));

        Driver.Commit(new Acknowledged(ann, 2, 2));
        Assert.Equal([null, null, "m3"], await Driver.Read(ann, 1, 2, 3));
        Assert.Equal((2, 2), (Driver.Load("ann")!.Marks.Acknowledged, Driver.Load("ann")!.Marks.Written));
    }

    [Fact]
    public void What_was_acknowledged_and_kept_for_a_connection_is_trimmed_at_the_next_load()
    {
        var ann = Driver.Make("ann");
        for (var i = 1; i <= 3; i++) Driver.Deliver(ann, i);
        Driver.Commit(new Acknowledged(ann, 2, 0));
        Assert.Equal([3L], Driver.Load("ann")!.Entries.Select(entry => entry.Sequence));
    }

    [Fact]
    public void The_acknowledged_mark_never_moves_back()
    {
        var ann = Driver.Make("ann");
        for (var i = 1; i <= 3; i++) Driver.Deliver(ann, i);
        Driver.Commit(new Acknowledged(ann, 3, 0), new Acknowledged(ann, 1, 1));
        Assert.Equal(3, Driver.Load("ann")!.Marks.Acknowledged);
    }

    [Fact]
    public async Task A_message_removed_with_a_reason_leaves_a_hole_and_without_one_none()
    {
        var ann = Driver.Make("ann");
        for (var i = 1; i <= 4; i++) Driver.Deliver(ann, i);
        Driver.Commit(new MessageRemoved(ann, 2, GapReason.Ttl), new MessageRemoved(ann, 3, null));

        Assert.Equal(["hello", null, null, "hello"], await Driver.Read(ann, 1, 2, 3, 4));
        Assert.Equal([new(2, 2, GapReason.Ttl)], Driver.Load("ann")!.Holes);
    }

    [Fact]
    public void Numbers_that_were_reserved_and_not_stored_are_lost_at_the_next_load()
    {
        var ann = Driver.Make("ann");
        Driver.Deliver(ann, 1);
        Driver.Commit(new NumbersReserved(ann, 50, Durability.Memory));

        var loaded = Driver.Load("ann")!;
        Assert.Equal(50, loaded.Marks.Tail);
        Assert.Equal([new(2, 50, GapReason.Lost)], loaded.Holes);
    }

    [Fact]
    public void Numbers_that_were_reserved_for_what_survives_a_process_are_not_lost_without_a_loss_of_power()
    {
        var ann = Driver.Make("ann");
        Driver.Deliver(ann, 1);
        Driver.Commit(new NumbersReserved(ann, 50, Durability.Process));

        var loaded = Driver.Load("ann")!;
        Assert.Equal((1, 0, 50), (loaded.Marks.Tail, loaded.Marks.Reserved, loaded.Marks.Unsynced));
        Assert.Empty(loaded.Holes);
    }

    [Fact]
    public void Numbers_of_both_levels_are_lost_as_far_as_they_may_have_been_given_out_in_memory()
    {
        var ann = Driver.Make("ann");
        Driver.Commit(new NumbersReserved(ann, 90, Durability.Process), new NumbersReserved(ann, 50, Durability.Memory));
        Driver.Deliver(ann, 1);
        Assert.Equal([new(2, 50, GapReason.Lost)], Driver.Load("ann")!.Holes);
    }

    [Fact]
    public void Numbers_passed_over_by_an_append_are_a_hole()
    {
        var ann = Driver.Make("ann");
        Driver.Commit(new NumbersReserved(ann, 50, Durability.Memory));
        Driver.Deliver(ann, 10);
        Assert.Equal([new(1, 9, GapReason.Lost), new(11, 50, GapReason.Lost)], Driver.Load("ann")!.Holes);
    }

    [Fact]
    public void Written_marks_move_forward_only()
    {
        var ann = Driver.Make("ann");
        for (var i = 1; i <= 3; i++) Driver.Deliver(ann, i);
        Driver.Commit(new WrittenMarked(ann, 2), new WrittenMarked(ann, 1));
        Assert.Equal(2, Driver.Load("ann")!.Marks.Written);
    }

    [Fact]
    public void The_newest_message_of_a_topic_is_known()
    {
        var ann = Driver.Make("ann");
        Driver.Deliver(ann, 1, "1%", "progress");
        Driver.Deliver(ann, 2, "2%", "progress");
        Driver.Deliver(ann, 3, "x", "other");
        Driver.Commit(new MessageRemoved(ann, 3, null));
        Assert.Equal([new("progress", 2)], Driver.Load("ann")!.Topics!);
    }

    [Fact]
    public async Task Messages_of_a_removed_mailbox_are_read_as_null()
    {
        var ann = Driver.Make("ann");
        Driver.Deliver(ann, 1);
        Driver.Commit(new MailboxRemoved(ann));
        Assert.Equal(new string?[] { null }, await Driver.Read(ann, 1));
    }

    [Fact]
    public void A_key_is_remembered_until_it_ends()
    {
        var key = new KeyId(new UInt128(1, 2));
        var answer = new RememberedKey(99, (uint)Noon.AddMinutes(10).ToUnixTimeSeconds(), 5, 6, 7, 8);
        Driver.Commit(new KeyRemembered(key, answer));

        Assert.Equal(answer, Driver.Store.FindKey(key, Noon));
        Assert.Equal(1, Driver.Store.KeyCount);
        Assert.NotNull(Driver.Store.FindKey(key, Noon.AddMinutes(10).AddSeconds(-1)));
        Assert.Null(Driver.Store.FindKey(key, Noon.AddMinutes(10)));
        Assert.Null(Driver.Store.FindKey(new KeyId(3), Noon));
    }

    [Fact]
    public void Keys_that_have_ended_are_forgotten_and_the_others_kept()
    {
        for (var i = 0; i < 100; i++)
            Driver.Commit(new KeyRemembered(new KeyId((UInt128)i), new(0, (uint)Noon.AddSeconds(i).ToUnixTimeSeconds(), 0, 0, 0, 0)));
        Driver.CommitAt(Noon.AddSeconds(60));

        Assert.InRange(Driver.Store.KeyCount, 39, 44);
        Assert.NotNull(Driver.Store.FindKey(new KeyId(61), Noon.AddSeconds(60)));
    }
}
