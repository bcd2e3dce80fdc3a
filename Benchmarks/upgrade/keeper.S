# A guest in a boot sector that has a pattern in all of its memory, and looks whether it is still there: a word in each line of 64 bytes, from 1 MiB to
# 16 MiB below the end (the firmware keeps things there). What it has looked at it writes again, so that its pages stay dirty. It prints "tick N pass P bad B" to its first serial port once a second: how often it has read
# all, and how many words were wrong. For guests of up to 2.5 GiB.
#
#   as --32 -o keeper.o keeper.S && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o keeper.img keeper.o
.code16
.globl _start
.set start, 1 << 20
.set slice, 32 << 20        # bytes that are looked through for each tick
_start:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $0x7c00, %sp
    cli
    lgdt table_pointer      # %fs reaches 4 GiB from here on
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    mov $8, %bx
    mov %bx, %fs
    and $0xfe, %al
    mov %eax, %cr0
    sti
    mov $0xe801, %ax        # %bx: blocks of 64 KiB beyond 16 MiB
    int $0x15
    movzwl %bx, %ebp
    shl $16, %ebp           # the end
    rdtsc
    mov %eax, seed
    mov $start, %edi
fill:
    mov %edi, %eax
    xor seed, %eax
    mov %eax, %fs:(%edi)
    add $64, %edi
    cmp %ebp, %edi
    jb fill
    mov $start, %esi        # how far this pass is

next:
    lea slice(%esi), %ecx
    cmp %ebp, %ecx
    jb look
    mov %ebp, %ecx
look:
    mov %esi, %eax
    xor seed, %eax
    cmp %eax, %fs:(%esi)
    je 1f
    incl bad
1:  mov %eax, %fs:(%esi)
    add $64, %esi
    cmp %ecx, %esi
    jb look
    cmp %ebp, %esi
    jb report
    incl passes
    mov $start, %esi
report:
    mov $count_text, %di
    mov count, %eax
    call say
    mov $pass_text, %di
    mov passes, %eax
    call say
    mov $bad_text, %di
    mov bad, %eax
    call say
    mov $line, %di
    call print
    incl count
    mov $18, %ecx
wait:                       # BIOS clock: 18.2 a second, from nothing again at midnight
    mov 0x46c, %eax
1:  hlt
    cmp %eax, 0x46c
    je 1b
    loop wait
    jmp next

say:                        # prints the text at %di and %eax in decimal
    call print
    mov $10, %ebx
number:
    xor %edx, %edx
    div %ebx
    push %dx
    test %eax, %eax
    jz 1f
    call number
1:  pop %ax
    add $'0', %al
    # falls through
put:                        # prints %al on the first serial port
    push %ax
    mov $0x3fd, %dx
2:  in %dx, %al
    test $0x20, %al
    jz 2b
    pop %ax
    mov $0x3f8, %dx
    out %al, %dx
    ret

print:                      # prints the text at %di
    push %eax
3:  mov (%di), %al
    inc %di
    test %al, %al
    jz 4f
    call put
    jmp 3b
4:  pop %eax
    ret

count: .long 0
passes: .long 0
bad: .long 0
seed: .long 0
count_text: .asciz "tick "
pass_text: .asciz " pass "
bad_text: .asciz " bad "
line: .asciz "\r\n"
.align 8
table: .quad 0
    .quad 0x00cf92000000ffff  # data, from 0 to 4 GiB
table_pointer: .word 15
    .long table
.org 510
.word 0xaa55
