// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace bitloom::examples {

/// One bar of the published figures, as text so that its digits show how it was rounded.
struct PublishedBar {
  int figure;                ///< 9 to 12
  std::string_view network;  ///< as accel::m4bram_workload names it
  std::string_view
      config;  ///< clock mode and size of M4BRAM, `dS`, `sL` or `dL`; or variant of BRAMAC, `1DA` or `2SA`
  int weight_bits;
  int activation_bits;
  int max_duplication;
  std::string_view speedup;  ///< over the baseline
};

/// Source: plot scripts of the released artifact of M4BRAM (arXiv 2311.02758). Bars of figure 11 are speed-ups over the
/// baseline, before their division by those of BRAMAC-1DA.
inline constexpr std::array<PublishedBar, 162> published_bars{
    {{9, "resnet34", "dS", 8, 8, 4, "1.64"},   {9, "resnet34", "dS", 8, 7, 4, "1.64"},
     {9, "resnet34", "dS", 8, 6, 4, "1.96"},   {9, "resnet34", "dS", 8, 5, 4, "1.27"},
     {9, "resnet34", "dS", 8, 4, 4, "1.5"},    {9, "resnet18", "dS", 8, 8, 4, "1.62"},
     {9, "resnet18", "dS", 8, 7, 4, "1.62"},   {9, "resnet18", "dS", 8, 6, 4, "1.93"},
     {9, "resnet18", "dS", 8, 5, 4, "1.27"},   {9, "resnet18", "dS", 8, 4, 4, "1.46"},
     {9, "vgg16", "dS", 8, 8, 4, "1.61"},      {9, "vgg16", "dS", 8, 7, 4, "1.61"},
     {9, "vgg16", "dS", 8, 6, 4, "1.86"},      {9, "vgg16", "dS", 8, 5, 4, "1.32"},
     {9, "vgg16", "dS", 8, 4, 4, "1.57"},      {9, "resnet34", "sL", 8, 8, 4, "2.03"},
     {9, "resnet34", "sL", 8, 7, 4, "2.2"},    {9, "resnet34", "sL", 8, 6, 4, "2.32"},
     {9, "resnet34", "sL", 8, 5, 4, "1.44"},   {9, "resnet34", "sL", 8, 4, 4, "1.71"},
     {9, "resnet18", "sL", 8, 8, 4, "1.96"},   {9, "resnet18", "sL", 8, 7, 4, "2.11"},
     {9, "resnet18", "sL", 8, 6, 4, "2.25"},   {9, "resnet18", "sL", 8, 5, 4, "1.38"},
     {9, "resnet18", "sL", 8, 4, 4, "1.52"},   {9, "vgg16", "sL", 8, 8, 4, "1.8"},
     {9, "vgg16", "sL", 8, 7, 4, "1.99"},      {9, "vgg16", "sL", 8, 6, 4, "2.22"},
     {9, "vgg16", "sL", 8, 5, 4, "1.52"},      {9, "vgg16", "sL", 8, 4, 4, "1.52"},
     {9, "resnet34", "dL", 8, 8, 4, "2.34"},   {9, "resnet34", "dL", 8, 7, 4, "2.34"},
     {9, "resnet34", "dL", 8, 6, 4, "2.34"},   {9, "resnet34", "dL", 8, 5, 4, "1.77"},
     {9, "resnet34", "dL", 8, 4, 4, "2.14"},   {9, "resnet18", "dL", 8, 8, 4, "2.29"},
     {9, "resnet18", "dL", 8, 7, 4, "2.29"},   {9, "resnet18", "dL", 8, 6, 4, "2.29"},
     {9, "resnet18", "dL", 8, 5, 4, "1.7"},    {9, "resnet18", "dL", 8, 4, 4, "2.04"},
     {9, "vgg16", "dL", 8, 8, 4, "2.24"},      {9, "vgg16", "dL", 8, 7, 4, "2.24"},
     {9, "vgg16", "dL", 8, 6, 4, "2.31"},      {9, "vgg16", "dL", 8, 5, 4, "1.7"},
     {9, "vgg16", "dL", 8, 4, 4, "2.06"},      {10, "alexnet", "1DA", 2, 2, 4, "1.45"},
     {10, "vgg16", "1DA", 2, 2, 4, "1.14"},    {10, "resnet18", "1DA", 2, 2, 4, "1.0"},
     {10, "resnet34", "1DA", 2, 2, 4, "1.09"}, {10, "vitbase", "1DA", 2, 2, 4, "1.2"},
     {10, "alexnet", "1DA", 4, 4, 4, "1.88"},  {10, "vgg16", "1DA", 4, 4, 4, "1.43"},
     {10, "resnet18", "1DA", 4, 4, 4, "1.14"}, {10, "resnet34", "1DA", 4, 4, 4, "1.32"},
     {10, "vitbase", "1DA", 4, 4, 4, "1.74"},  {10, "alexnet", "1DA", 8, 8, 4, "1.75"},
     {10, "vgg16", "1DA", 8, 8, 4, "1.11"},    {10, "resnet18", "1DA", 8, 8, 4, "1.01"},
     {10, "resnet34", "1DA", 8, 8, 4, "1.06"}, {10, "vitbase", "1DA", 8, 8, 4, "1.73"},
     {10, "alexnet", "2SA", 2, 2, 4, "1.86"},  {10, "vgg16", "2SA", 2, 2, 4, "1.44"},
     {10, "resnet18", "2SA", 2, 2, 4, "1.17"}, {10, "resnet34", "2SA", 2, 2, 4, "1.36"},
     {10, "vitbase", "2SA", 2, 2, 4, "1.7"},   {10, "alexnet", "2SA", 4, 4, 4, "2.51"},
     {10, "vgg16", "2SA", 4, 4, 4, "1.95"},    {10, "resnet18", "2SA", 4, 4, 4, "1.49"},
     {10, "resnet34", "2SA", 4, 4, 4, "1.7"},  {10, "vitbase", "2SA", 4, 4, 4, "1.95"},
     {10, "alexnet", "2SA", 8, 8, 4, "2.23"},  {10, "vgg16", "2SA", 8, 8, 4, "1.33"},
     {10, "resnet18", "2SA", 8, 8, 4, "1.18"}, {10, "resnet34", "2SA", 8, 8, 4, "1.25"},
     {10, "vitbase", "2SA", 8, 8, 4, "1.92"},  {10, "alexnet", "dS", 2, 2, 4, "2.72"},
     {10, "vgg16", "dS", 2, 2, 4, "1.85"},     {10, "resnet18", "dS", 2, 2, 4, "1.77"},
     {10, "resnet34", "dS", 2, 2, 4, "2.26"},  {10, "vitbase", "dS", 2, 2, 4, "2.48"},
     {10, "alexnet", "dS", 4, 4, 4, "2.7"},    {10, "vgg16", "dS", 4, 4, 4, "2.31"},
     {10, "resnet18", "dS", 4, 4, 4, "2.38"},  {10, "resnet34", "dS", 4, 4, 4, "2.43"},
     {10, "vitbase", "dS", 4, 4, 4, "2.51"},   {10, "alexnet", "dS", 8, 8, 4, "2.31"},
     {10, "vgg16", "dS", 8, 8, 4, "1.61"},     {10, "resnet18", "dS", 8, 8, 4, "1.62"},
     {10, "resnet34", "dS", 8, 8, 4, "1.64"},  {10, "vitbase", "dS", 8, 8, 4, "1.92"},
     {10, "alexnet", "sL", 2, 2, 4, "2.58"},   {10, "vgg16", "sL", 2, 2, 4, "2.03"},
     {10, "resnet18", "sL", 2, 2, 4, "1.61"},  {10, "resnet34", "sL", 2, 2, 4, "1.69"},
     {10, "vitbase", "sL", 2, 2, 4, "2.19"},   {10, "alexnet", "sL", 4, 4, 4, "2.93"},
     {10, "vgg16", "sL", 4, 4, 4, "2.24"},     {10, "resnet18", "sL", 4, 4, 4, "2.28"},
     {10, "resnet34", "sL", 4, 4, 4, "2.33"},  {10, "vitbase", "sL", 4, 4, 4, "2.37"},
     {10, "alexnet", "sL", 8, 8, 4, "2.37"},   {10, "vgg16", "sL", 8, 8, 4, "1.8"},
     {10, "resnet18", "sL", 8, 8, 4, "1.84"},  {10, "resnet34", "sL", 8, 8, 4, "1.89"},
     {10, "vitbase", "sL", 8, 8, 4, "1.93"},   {11, "alexnet", "dS", 2, 2, 1, "1.43"},
     {11, "alexnet", "dS", 4, 4, 1, "1.83"},   {11, "alexnet", "dS", 8, 8, 1, "1.85"},
     {11, "vitbase", "dS", 2, 2, 1, "1.29"},   {11, "vitbase", "dS", 4, 4, 1, "1.8"},
     {11, "vitbase", "dS", 8, 8, 1, "1.86"},   {11, "resnet34", "dS", 2, 2, 1, "1.26"},
     {11, "resnet34", "dS", 4, 4, 1, "1.29"},  {11, "resnet34", "dS", 8, 8, 1, "1.25"},
     {11, "alexnet", "dS", 2, 2, 2, "1.84"},   {11, "alexnet", "dS", 4, 4, 2, "2.7"},
     {11, "alexnet", "dS", 8, 8, 2, "1.85"},   {11, "vitbase", "dS", 2, 2, 2, "1.86"},
     {11, "vitbase", "dS", 4, 4, 2, "2.4"},    {11, "vitbase", "dS", 8, 8, 2, "1.92"},
     {11, "resnet34", "dS", 2, 2, 2, "1.61"},  {11, "resnet34", "dS", 4, 4, 2, "1.82"},
     {11, "resnet34", "dS", 8, 8, 2, "1.54"},  {11, "alexnet", "dS", 2, 2, 4, "2.72"},
     {11, "alexnet", "dS", 4, 4, 4, "2.7"},    {11, "alexnet", "dS", 8, 8, 4, "2.31"},
     {11, "vitbase", "dS", 2, 2, 4, "2.48"},   {11, "vitbase", "dS", 4, 4, 4, "2.51"},
     {11, "vitbase", "dS", 8, 8, 4, "1.92"},   {11, "resnet34", "dS", 2, 2, 4, "2.26"},
     {11, "resnet34", "dS", 4, 4, 4, "2.43"},  {11, "resnet34", "dS", 8, 8, 4, "1.64"},
     {12, "resnet34", "sL", 8, 8, 4, "2.05"},  {12, "resnet34", "sL", 8, 7, 4, "2.27"},
     {12, "resnet34", "sL", 8, 6, 4, "2.52"},  {12, "resnet34", "sL", 8, 5, 4, "1.43"},
     {12, "resnet34", "sL", 8, 4, 4, "1.64"},  {12, "resnet18", "sL", 8, 8, 4, "1.99"},
     {12, "resnet18", "sL", 8, 7, 4, "2.19"},  {12, "resnet18", "sL", 8, 6, 4, "2.43"},
     {12, "resnet18", "sL", 8, 5, 4, "1.37"},  {12, "resnet18", "sL", 8, 4, 4, "1.57"},
     {12, "alexnet", "sL", 8, 8, 4, "2.1"},    {12, "alexnet", "sL", 8, 7, 4, "2.33"},
     {12, "alexnet", "sL", 8, 6, 4, "2.61"},   {12, "alexnet", "sL", 8, 5, 4, "1.48"},
     {12, "alexnet", "sL", 8, 4, 4, "1.85"},   {12, "resnet34", "dL", 8, 8, 4, "3.28"},
     {12, "resnet34", "dL", 8, 7, 4, "3.28"},  {12, "resnet34", "dL", 8, 6, 4, "3.85"},
     {12, "resnet34", "dL", 8, 5, 4, "1.92"},  {12, "resnet34", "dL", 8, 4, 4, "2.33"},
     {12, "resnet18", "dL", 8, 8, 4, "3.13"},  {12, "resnet18", "dL", 8, 7, 4, "3.13"},
     {12, "resnet18", "dL", 8, 6, 4, "3.65"},  {12, "resnet18", "dL", 8, 5, 4, "1.83"},
     {12, "resnet18", "dL", 8, 4, 4, "2.2"},   {12, "alexnet", "dL", 8, 8, 4, "3.44"},
     {12, "alexnet", "dL", 8, 7, 4, "3.44"},   {12, "alexnet", "dL", 8, 6, 4, "4.09"},
     {12, "alexnet", "dL", 8, 5, 4, "2.04"},   {12, "alexnet", "dL", 8, 4, 4, "2.7"}}};

/// The speed-up of BRAMAC-1DA on AlexNet at 4 bits that figure 11 divides by; in figure 10 it is 1.88.
inline constexpr double figure11_alexnet_4bit = 1.80;

}  // namespace bitloom::examples
